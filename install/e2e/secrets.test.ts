import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { approvedHost, enrolAgent, enrolAt, online } from "./rig/agent.ts";
import { type Api, bootstrap } from "./rig/api.ts";
import {
  type Canary,
  filesBelow,
  found,
  type Place,
  place,
  spellings,
} from "./rig/canaries.ts";
import { debugListeners, eventStream, watchProcesses } from "./rig/ears.ts";
import { openGate } from "./rig/gate.ts";
import { jobEnds, jobIn, logOf, runNow } from "./rig/jobs.ts";
import { freePort, inLab } from "./rig/lab.ts";
import { openLive } from "./rig/live.ts";
import { serveRest, writeFiles } from "./rig/repository.ts";
import { bootstrapUrl, startServer } from "./rig/server.ts";
import { approvedStand } from "./rig/stand.ts";
import type { Host, SetUp } from "./rig/types.ts";
import { waitFor } from "./rig/wait.ts";

const limit = 120_000;

/** Differs in every spelling: quotes, signs of addresses, a letter beyond ASCII. */
const secret = (name: string): string =>
  `${name}:"canary" p@ss/w+rd%\\ä${randomBytes(9).toString("base64url")}`;

const repositoryPassword = secret("repository");
const userPassword = secret("rest-server");
const variable = secret("variable");
const adminPassword = secret("admin");
const changedPassword = secret("changed");
const typedAsName = secret("typed-as-name").slice(0, 60);
const inAddress = "canary-in-an-address-17";

interface TokenMade {
  readonly token: string;
  readonly minted_password: string;
  readonly minted_user_password: string;
  readonly htpasswd: string;
}

test(
  "no secret is found anywhere but where it belongs [SEC-01] [TRN-08] [TRN-09] [AUD-05] [AGT-02] [RST-02] [CRD-02]",
  inLab(async (lab) => {
    const processes = watchProcesses(lab);
    const server = await startServer(lab, { admin: false });
    const link = await bootstrapUrl(server);
    const bootstrapToken = link.searchParams.get("token") ?? "";
    const api = await bootstrap(
      server.url,
      bootstrapToken,
      "admin",
      adminPassword,
    );
    const { hear } = await debugListeners(lab, server);
    const broker = await Promise.all(["rm.v1.>", "_INBOX.>"].map(hear));
    const live = await openLive(lab, server.url, api);
    await live.subscribe("fleet");
    const streams = [await eventStream(lab, server, api, "/api/events")];

    // A host with every secret there is, and a backup.
    const port = await freePort();
    await serveRest(lab, port, `backup:${bcrypt(userPassword)}`);
    const gate = await openGate(lab, port);
    const agent = await enrolAgent(lab, server);
    const host = await approvedHost(api, agent);
    const source = join(lab.dir, "source");
    writeFiles(source, 4);
    const repository = {
      url: `rest:http://127.0.0.1:${gate.port}/host/`,
      mode: "create",
      credential: {
        password: repositoryPassword,
        username: "backup",
        user_password: userPassword,
        env: { AWS_SECRET_ACCESS_KEY: variable },
      },
    };
    const body = {
      repository,
      source: { name: "default", includes: [source] },
    };
    const done = await api.post<SetUp>(`/api/hosts/${host.id}/setup`, body);
    gate.pace(1_000_000);
    const job = await runNow(api, host, done.group_id);
    await live.subscribe(`job:${job.id}`);
    streams.push(
      await eventStream(lab, server, api, `/api/jobs/${job.id}/stream`),
    );
    await jobIn(api, job.id, ["running"]);
    await waitFor("restic runs", () => agent.restic());
    gate.pace(Infinity);
    const end = await jobEnds(api, job.id);
    expect([end.state, end.command]).toEqual([
      "succeeded",
      expect.stringMatching(/restic.* backup/),
    ]);

    // A host that joins by a token, with secrets that the server makes.
    const restPort = await freePort();
    const made = await api.post<TokenMade>("/api/enrolment/tokens", {
      hostname: "attic",
      repository: {
        url: `rest:http://127.0.0.1:${restPort}/attic/`,
        mode: "create",
        credential: { username: "attic" },
      },
      source: body.source,
    });
    await serveRest(lab, restPort, made.htpasswd);
    const tokenFile = join(lab.folder("elsewhere"), "token");
    writeFileSync(tokenFile, made.token, { mode: 0o600 });
    const attic = enrolAt(lab, server.url, await server.serverKey(), {
      name: "attic",
      args: ["--token-file", tokenFile],
    });
    const joined = await waitFor("the second host is there", async () => {
      const { hosts } = await api.get<{ hosts: Host[] }>("/api/hosts");
      return hosts.find(({ name }) => name === "attic");
    });
    await online(api, joined.id);

    // What goes wrong must say so without them.
    const path = `/api/repositories/${done.repository.id}`;
    const patch = {
      password: changedPassword,
      env: { B2_ACCOUNT_KEY: variable },
    };
    expect((await api.ask("PATCH", path, patch)).status).toBe(200);
    await waitFor("the agent fetched it", async () => {
      const row = await api.get<Host>(`/api/hosts/${host.id}`);
      return row.cfg_rev >= 2 && row.applied_cfg_rev === row.cfg_rev;
    });
    const failed = await runNow(api, host, done.group_id);
    expect((await jobEnds(api, failed.id)).error?.code).toBe("wrong_password");
    const wrong = {
      ...body,
      repository: {
        ...repository,
        mode: "existing",
        credential: {
          ...repository.credential,
          user_password: changedPassword,
        },
      },
    };
    const test = `/api/hosts/${host.id}/repository-test`;
    expect((await api.ask("POST", test, wrong)).status).toBe(422);
    const url = `rest:http://backup:${inAddress}@127.0.0.1:${gate.port}/host/`;
    const inUrl = { ...wrong, repository: { ...wrong.repository, url } };
    expect((await api.ask("POST", test, inUrl)).status).toBe(400);
    const login = { username: typedAsName, password: changedPassword };
    expect((await api.ask("POST", "/api/auth/login", login)).status).toBe(401);

    // The whole life of a key, too.
    const firstKey = identityOf(agent.stateDir);
    await api.post(`/api/hosts/${host.id}/rotate-key`);
    await waitFor(
      "the agent has a new key",
      () => identityOf(agent.stateDir)[0] !== firstKey[0],
    );
    await online(api, host.id);

    const secretsKeys = [agent, attic].map(
      ({ config }) =>
        // Between its quotes, if it has any.
        /secrets_key: "?([^"\s]+)/.exec(readFileSync(config, "utf8"))?.[1] ??
        "",
    );
    const canaries: Canary[] = [
      { name: "repository password", text: repositoryPassword },
      { name: "password of the rest-server's login", text: userPassword },
      { name: "back-end variable", text: variable },
      { name: "changed password", text: changedPassword },
      { name: "minted password", text: made.minted_password },
      { name: "minted login", text: made.minted_user_password },
      { name: "one-time token", text: made.token.replace(/^rmt_[^_]+_/, "") },
      { name: "password in an address", text: inAddress },
      { name: "administrator's password", text: adminPassword },
      { name: "password typed as a user name", text: typedAsName },
      {
        name: "session",
        text: api.headers["cookie"]?.split("=").at(-1) ?? "",
      },
      { name: "session's token", text: api.headers["x-csrf-token"] ?? "" },
      {
        name: "bootstrap token",
        text: bootstrapToken,
        mayBeIn: /^output of the server$/,
      },
      {
        name: "key of the server's database",
        text: readFileSync(join(server.dataDir, "secret.key"), "latin1").trim(),
        mayBeIn: /\/secret\.key$/,
      },
      ...secretsKeys.map((text) => ({
        name: "key of the agent's secrets",
        text,
        mayBeIn: /\/agent\.yaml$/,
      })),
      ...[...firstKey, ...identityOf(agent.stateDir)].map((text) => ({
        name: "agent's private key",
        text,
        mayBeIn: /\/identity(\.next)?\.json$/,
      })),
    ];
    for (const { name, text } of canaries)
      expect([name, text.length >= 16]).toEqual([name, true]);

    const told: Place[] = [
      place("output of the server", server.program().text()),
      place("output of the first agent", agent.program().text()),
      place("output of the second agent", attic.program().text()),
      ...broker.map((program) => place("the broker", program.text())),
      place("the WebSocket", live.frames()),
      ...streams.map((text) => place("an event stream", text())),
      place("the audit log", await api.get("/api/audit?limit=500")),
      place("job logs", [
        await logOf(api, job.id),
        await logOf(api, failed.id),
      ]),
      ...(await answers(api, host, job.id)),
    ];
    const [subjects = "", inboxes = ""] = broker.map((each) => each.text());
    for (const heard of [
      /cmd\.repo\.test/,
      /req\.cfg\.get/,
      /evt\.job\.done/,
      /req\.rotate/,
    ])
      expect(subjects).toMatch(heard);
    expect(inboxes).toContain(`_INBOX.${host.id}`);
    for (const text of streams) expect(text()).toContain("data:");

    const folders = [
      server.dataDir,
      dirname(agent.config),
      dirname(attic.config),
    ];
    const whileRunning = folders.flatMap(filesBelow);
    for (const program of broker) program.signal("SIGINT");
    for (const program of [agent, attic]) await program.program().stop();
    await server.stop();
    const files = [...whileRunning, ...folders.flatMap(filesBelow)];
    expect(files.length).toBeGreaterThan(30);

    // Each of these places does catch what is there to be caught.
    const inPlain = [{ name: "host's id", text: host.id }];
    for (const name of [
      "output of the server",
      "output of the first agent",
      "the broker",
      "the WebSocket",
      "an event stream",
      "the audit log",
      "GET /api/hosts",
    ])
      expect(found(inPlain, told)).toContain(`host's id in ${name}`);
    expect(found(inPlain, files).length).toBeGreaterThan(4);

    const ofPrograms = processes();
    // restic's own environment, also before `setpriv` becomes restic, is the one place to hand secrets over.
    const isRestic = ({ name }: Place) =>
      /^environment of \S*\/(restic(?!-manager)[^/]*|setpriv)$/.test(name);
    const resticsOwn = ofPrograms.filter(isRestic);
    expect(found(canaries, resticsOwn).length).toBeGreaterThan(0);
    const others = ofPrograms.filter((each) => !isRestic(each));
    expect(found(canaries, [...told, ...files, ...others])).toEqual([]);
    for (const folder of [server.dataDir, agent.stateDir, attic.stateDir])
      expect(statSync(folder).mode & 0o077).toBe(0);
  }),
  limit,
);

test("the search finds a secret in every spelling, and where it may be it is not found", () => {
  const text = secret("planted");
  const canary = { name: "it", text };
  for (const form of spellings(text)) {
    const bytes = Buffer.concat([
      Buffer.from("{before "),
      form,
      Buffer.from(" after}"),
    ]);
    expect(found([canary], [{ name: "a file", bytes }])).toEqual([
      "it in a file",
    ]);
  }
  for (const shift of ["", "x", "xx", "xxx"])
    for (const encoding of ["base64", "base64url"] as const) {
      const coded = Buffer.from(`${shift}${text} and more`).toString(encoding);
      expect(found([canary], [place("a file", coded)])).toEqual([
        "it in a file",
      ]);
    }
  expect(
    found([{ ...canary, mayBeIn: /file$/ }], [place("a file", text)]),
  ).toEqual([]);
  expect(found([canary], [place("a file", text.slice(1))])).toEqual([]);
});

test(
  "the printed nats command shows heartbeats and cannot publish [TRN-09]",
  inLab(async (lab) => {
    const { server, host } = await approvedStand(lab, {
      env: { RM_HEARTBEAT_INTERVAL: "1s" },
    });
    const { command, run } = await debugListeners(lab, server);
    const [, creds = ""] = /--creds '?([^'\s]+)/.exec(command) ?? [];
    expect(statSync(resolve(lab.dir, "operator", creds)).mode & 0o077).toBe(0);
    const listener = run(command);
    await listener.line(new RegExp(`rm\\.v1\\.${host.id}\\.hb`));
    const publisher = run(
      command.replace(/ sub .*/, ` pub rm.v1.${host.id}.cmd.ping '{}'`),
    );
    await publisher.exit();
    await waitFor("the broker refuses to publish", () =>
      /permissions? violation/i.test(publisher.text()),
    );
    listener.signal("SIGINT");
    await listener.exit();
  }),
  limit,
);

/** The private parts of an agent's identity. */
function identityOf(stateDir: string): string[] {
  const { ed25519, x25519 } = JSON.parse(
    readFileSync(join(stateDir, "identity.json"), "utf8"),
  ) as { ed25519: string; x25519: string };
  return [ed25519, x25519];
}

function bcrypt(password: string): string {
  return Bun.password.hashSync(password, { algorithm: "bcrypt", cost: 4 });
}

async function answers(
  api: Api,
  { id }: Host,
  jobId: string,
): Promise<Place[]> {
  const paths = [
    "/api/hosts",
    "/api/pending",
    "/api/openapi.json",
    "/api/enrolment",
    "/api/enrolment/tokens",
    "/api/auth/sessions",
    `/api/hosts/${id}`,
    `/api/hosts/${id}/repositories`,
    `/api/hosts/${id}/sources`,
    `/api/hosts/${id}/schedules`,
    `/api/hosts/${id}/snapshots`,
    `/api/jobs/${jobId}`,
  ];
  return Promise.all(
    paths.map(async (path) => place(`GET ${path}`, await api.get(path))),
  );
}

import { expect, test } from "bun:test";
import { cidr } from "../config-values.ts";
import { createResolveClient } from "./client-ip.ts";

const url = "http://10.0.0.1:8080/api/version";
const forwarded = new Headers({
  "X-Forwarded-For": "1.1.1.1, 203.0.113.9, 10.0.0.7",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "backup.example.org",
});
const behind = (...networks: string[]) =>
  createResolveClient(networks.map((network) => cidr.parse(network)));

test("without a trusted proxy nothing that is forwarded is believed [CFG-03]", () => {
  expect(behind()("203.0.113.50", url, forwarded)).toEqual({
    ip: "203.0.113.50",
    origin: "http://10.0.0.1:8080",
    isSecure: false,
  });
});

test("an untrusted peer cannot claim another address [CFG-03]", () => {
  const resolve = behind("10.0.0.0/8");
  expect(resolve("203.0.113.50", url, forwarded).ip).toBe("203.0.113.50");
});

test("from a trusted proxy the client is the right-most untrusted address [CFG-03]", () => {
  expect(behind("10.0.0.0/8")("10.1.2.3", url, forwarded)).toEqual({
    ip: "203.0.113.9",
    origin: "https://backup.example.org",
    isSecure: true,
  });
});

test("when every hop is trusted the client is the proxy itself [CFG-03]", () => {
  const headers = new Headers({ "X-Forwarded-For": "10.0.0.9, nonsense" });
  expect(behind("10.0.0.0/8")("10.1.2.3", url, headers).ip).toBe("10.1.2.3");
});

test("IPv4 spelled as IPv6 and addresses with ports are one client [CFG-03]", () => {
  const headers = new Headers({ "X-Forwarded-For": "198.51.100.4:4711" });
  expect(behind("127.0.0.1")("::ffff:127.0.0.1", url, headers).ip).toBe(
    "198.51.100.4",
  );
  const six = new Headers({ "X-Forwarded-For": "[2001:db8::7]:4711" });
  expect(behind("::1")("::1", url, six).ip).toBe("2001:db8::7");
});

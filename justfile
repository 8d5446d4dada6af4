# The commands of the house. `npm run demo` and `npm test` do the set-up first.

export PATH := justfile_directory() / "install/tools/bun/node_modules/.bin:" + env("PATH")

_default:
    @just --list --unsorted

# Formatting, types, lint, boundaries and dead code, unit tests: half a minute; `just static` alone takes seconds
check: static test

# The checks that run nothing; `just static types lint` runs some of them
static *names:
    @bun install/check.ts {{ names }}

# Tests that need no built executable; without arguments all but the longest
test *args:
    @bun {{ if args == "" { "run unit" } else { "test --isolate " + args } }}

# Tests of the built executables; without arguments all but the longest
e2e *args:
    @bun {{ if args == "" { "run e2e" } else { "test --isolate --timeout 120000 " + args } }}

# The longest tests, named in package.json, which `npm test` leaves out; after `just build`
long:
    @bun run long

# Tries everything that a thief of a key, a stranger and a foreign page can, and prints what was refused
attack:
    @bun test --isolate --timeout 120000 install/attack

# Write the list of attacks into docs/security.md
attack-table:
    @bun install/attack-table.ts

# The agent for Windows, tried under Wine in a minute or two; needs a build of every target
wine:
    @bun install/windows/wine-smoke.ts

# Kills, cuts, fills disks, sets clocks and restores old databases by a seeded plan, and proves that nothing is lost
chaos *args:
    @bun install/chaos/main.ts {{ args }}

# A month of backups, sleep, a lost link and upkeep in about a quarter of an hour, compared with what should have happened
month *args:
    @bun install/month/main.ts {{ args }}

# Fresh install, enrolment, backup, restore, upgrade from the last older database and back, in about a minute
smoke *args:
    @bun install/smoke.ts {{ args }}

# What must hold with every restic, with each of them, for example `just compat 0.14 0.18`; a few minutes each
compat *versions:
    @bun install/compat/main.ts {{ versions }}

# Server, agent and dashboard from source, restarted on every change
dev:
    @bun install/dev.ts

# Every target into dist/; `just build --host` for this machine only
build *args:
    @bun install/build.ts {{ args }}

# What a run from source reads: dist/tools and dist/stage
stage:
    @bun install/build.ts --stage-only

# Real components, a real backup, the dashboard left running
demo *args:
    @bash install/run.sh demo {{ args }}

# The same as `npm test`: what must pass before a change is taken
ci:
    @bash .ci/run

# The figures of the README, as ratios in one run
bench *args:
    @bun bench/main.ts {{ args }}

# A fleet of simulated agents against the built server, for example `just fleet 5000`; about four minutes
fleet *args:
    @bun bench/fleet/main.ts {{ args }}

# Executables with their checksums, from a clean checkout that passes `npm test`; run `just long` before
release:
    @bun install/release.ts

# Write docs/reference/permissions.md from what the routes declare
permissions:
    @bun server/testing/write-permissions.ts

# Rewrite every file in the house style
fmt:
    @bun fmt

// The conformance tool of the Model Context Protocol: its scenarios for authorization servers, with a person who logs in by the pages.

import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { check, url } from "./keyward.mjs";
import { Browser } from "./browser.mjs";

// The tool wants a newer Node.js than this script.
const [, , node] = process.argv;
const tool = fileURLToPath(new URL("node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url));

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const port = await freePort();
const registration = ["client", "create", "--name", "MCP", "--id", "mcp", "--public", "--data-dir", process.env.KEYWARD_DATA_DIR];
execFileSync(process.env.KEYWARD_PROGRAM, [...registration, "--redirect-uri", `http://127.0.0.1:${port}/callback`]);

const run = spawn(node, [tool, "authorization", "--url", url, "--client-id", "mcp", "--port", `${port}`]);
let said = "";
let went;
for (const stream of [run.stdout, run.stderr]) {
  stream.on("data", (data) => {
    said += data;
    const address = /^http\S+\/oauth\/authorize\?\S+$/m.exec(said)?.[0];
    if (address && /Callback server started/.test(said)) went ??= new Browser().follow(address).then((back) => fetch(back));
  });
}
const status = await new Promise((resolve) => run.on("close", resolve));
await went;
console.log(said);
check(went, "The tool asked for no login.");
check(status === 0, `The tool ended with ${status}.`);
for (const scenario of ["authorization-server-metadata-endpoint", "authorization-code-grant"]) {
  const [, passed, failed] = new RegExp(`${scenario}: (\\d+) passed, (\\d+) failed`).exec(said) ?? [];
  check(Number(passed) > 0 && failed === "0", `${scenario}: ${passed} passed, ${failed} failed.`);
}

// Drives the API at a URL through the types that were generated from its description. It ends with an error at the first
// answer that is not what the types promise.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const client = createClient<paths>({
  baseUrl: process.argv[2]!,
  querySerializer: { array: { style: "form", explode: false } }, // as the description has it; openapi-fetch cannot know
});

const task = await client.GET("/tasks/{taskName}", { params: { path: { taskName: "sync" } } });
assert.equal(task.data?.name, "sync");

const started = await client.POST("/tasks/{taskName}/execute/api", {
  params: { path: { taskName: "sync" } },
  body: { params: { mid: 12345 } },
});
assert(started.data?.kind === "started");
const run: components["schemas"]["Started"] = started.data; // the discriminator narrows it
assert.deepEqual(run.logs, []);
assert.equal(run.data.executionId, run.executionId);
assert.equal(run.trigger.source, "api");

const rehearsed = await client.POST("/tasks/{taskName}/execute/api", {
  params: { path: { taskName: "sync" }, query: { dryRun: true } },
  body: { params: { mid: 12345 } },
});
assert(rehearsed.data?.kind === "rehearsal");
assert.equal(rehearsed.data.outcome, "start");
assert.deepEqual(rehearsed.data.params, { mid: 12345, force: false });
assert.equal((rehearsed.data.job as { kind?: unknown }).kind, "Job");

const refused = await client.POST("/tasks/{taskName}/execute/api", {
  params: { path: { taskName: "sync" } },
  body: { params: { mid: "x" } },
});
assert.equal(refused.response.status, 400);
assert.equal(refused.error?.errors?.[0]?.pointer, "/params/mid");

const read = await client.GET("/tasks/running/execution/{executionId}", { params: { path: { executionId: run.executionId } } });
assert.equal(read.data?.status, "running");
assert.deepEqual(read.data.params, { mid: 12345 });
const length: number = read.data.logs.length; // logs are always there
assert.equal(length, 0);

const page = await client.GET("/tasks/executions", { params: { query: { status: ["running", "failed"], source: ["api"] } } });
assert(page.data?.executions.some((e) => e.executionId === run.executionId && e.logs === undefined));

const schedule = await client.POST("/triggers/cron", {
  body: { name: "monthly-typescript", taskName: "sync", schedule: "0 0 LW * ?", params: { mid: 1 } },
});
assert.equal(schedule.response.status, 201);
const again = await client.POST("/triggers/cron/{name}/run", { params: { path: { name: "monthly-typescript" } } });
assert(again.data?.kind === "started");
assert.equal(again.data.trigger.name, "monthly-typescript");

const explained = await client.GET("/tasks/executions/{executionId}/explain", { params: { path: { executionId: run.executionId } } });
assert(explained.data && explained.data.sentence.length > 0);

const log = await client.GET("/tasks/executions/{executionId}/logs", { params: { path: { executionId: run.executionId } } });
assert(typeof log.data === "object"); // and not the text that Accept: text/plain gets
assert.deepEqual(log.data.entries, []);

const cancelled = await client.DELETE("/tasks/executions/cancel/by-ids", { body: { executionIds: [run.executionId, "nothing"] } });
assert.deepEqual(cancelled.data, { cancelled: [run.executionId], notFound: ["nothing"], alreadyFinished: [] });

const missing = await client.GET("/tasks/_/{taskName}", { params: { path: { taskName: "watch" } } });
assert.equal(missing.response.status, 404);
console.log("driven");

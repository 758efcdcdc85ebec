// Two customers, or the body of a file that is named, by JavaScript (Node 18 or newer), without a library: waits as Retry-After says, ten seconds in all.
import { readFile } from "node:fs/promises";

const url = process.env.CHURN_URL ?? "http://127.0.0.1:8080";
const key = process.env.CHURN_API_KEY;
const file = process.argv[2] ?? new URL("customers.json", import.meta.url);
const body = await readFile(file).catch((error) => {
  console.error(error.message);
  process.exit(2);
});
const headers = { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
const deadline = Date.now() + 10_000;

async function ask() {
  for (;;) {
    const left = deadline - Date.now();
    let wait = 500 * Math.random();
    try {
      const answer = await fetch(`${url}/v1/predictions`, {
        method: "POST", headers, body, signal: AbortSignal.timeout(Math.max(left, 1)),
      });
      const text = await answer.text(); // within the deadline, too
      wait = 1000 * Number(answer.headers.get("retry-after") ?? NaN) + 100 * Math.random();
      if (![429, 503].includes(answer.status) || !(wait < left)) return [answer, JSON.parse(text)];
    } catch (error) { // no connection, or one that was cut: asking again does no harm
      if (error instanceof SyntaxError) throw new Error(`something else than the gateway answers at ${url}`);
      if (left < 1000) throw new Error(`no answer from ${url} within ten seconds: ${error.cause?.message ?? error.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

const [answer, document] = await ask().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
if (!answer.ok) {
  console.error(`${answer.status} ${document.title}`, document.errors ?? document.detail);
  process.exit(1);
}
if (document.served_by === "degraded") console.log("no model could be reached: probabilities are a scorecard's");
for (const each of document.predictions) {
  console.log(`${each.customer_id} ${each.churn_probability.toFixed(3)} ${each.risk}: ${each.action.name}`);
}

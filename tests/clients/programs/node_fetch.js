// A shop's program with Node's own fetch: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].
// Prints `message_id line mobile status state`, or `refused CODE`.
'use strict';

const [way, base, username, password, mobile, message, line, line2 = ''] = process.argv.slice(2);
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

function bodyOf(fields) {
  if (way === 'json') return JSON.stringify(fields); // sent as text/plain unless the header below says otherwise
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

async function call(path, fields) {
  const headers = way === 'json' ? { 'Content-Type': 'application/json' } : {};
  const answer = await fetch(base + path, { method: 'POST', body: bodyOf(fields), headers });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

async function main() {
  const told = await call('/api/wsSend.ashx', { username, password, mobile, message, line, line2 });
  if (!(told.status < 0)) {
    console.log(`refused ${told.status}`);
    return;
  }
  const id = told.data.message_id;
  let states;
  for (let i = 0; i < 200; i += 1) {
    ({ states } = (await call('/api/wsStates.ashx', { username, password, message_ids: String(id) })).data);
    if (['1', '2', '16'].includes(states)) break;
    await pause();
  }
  console.log(`${id} ${told.data.line} ${told.data.mobile} ${told.status} ${states}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

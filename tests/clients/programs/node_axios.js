// A shop's program with axios: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].
// Prints `message_id line mobile status state`, or `refused CODE`.
'use strict';
const axios = require('axios');

const [way, base, username, password, mobile, message, line, line2] = process.argv.slice(2);
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

async function main() {
  const fields = { username, password, mobile, message, line: Number(line), ...(line2 && { line2 }) };
  const body = { params: new URLSearchParams(fields), string: JSON.stringify(fields) }[way] ?? fields;
  const { data: told } = await axios.post(`${base}/api/wsSend.ashx`, body, { timeout: 20000 });
  if (told.status !== -1) {
    console.log(`refused ${told.status}`);
    return;
  }
  const { message_id: id, line: by, mobile: to } = told.data;
  if (!Number.isSafeInteger(id) || !Number.isSafeInteger(by) || typeof to !== 'string') throw new Error('types');
  let states;
  for (let i = 0; i < 200; i += 1) {
    const answer = await axios.post(`${base}/api/wsStates.aspx`, { username, password, message_ids: id });
    states = answer.data.data.states;
    if (['1', '2', '16'].includes(states)) break;
    await pause();
  }
  console.log(`${id} ${by} ${to} ${told.status} ${states}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

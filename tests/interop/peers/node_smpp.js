// The other end as node-smpp (npm: smpp) plays it, operator or customer. Orders and events: tests/interop/others.py.
'use strict';

const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const PART = 60; // characters of one part: any alphabet, with any header
const sessions = new Map(); // by system_id
const refusals = [];
let references = 0;
let ids = 0;

const tell = (event, fields) => process.stdout.write(JSON.stringify({ event, ...fields }) + '\n');

// -- what came

function placeOf(pdu) {
  for (const element of (pdu.short_message && pdu.short_message.udh) || []) {
    if (element[0] === 0x00) return ['udh', [element[2], element[3], element[4]]];
    if (element[0] === 0x08) return ['udh', [element.readUInt16BE(2), element[4], element[5]]];
  }
  if (pdu.sar_total_segments) return ['sar', [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum]];
  return [pdu.message_payload ? 'payload' : 'short', null];
}

function got(name, pdu, more) {
  const [way, place] = placeOf(pdu);
  tell('got', {
    command: pdu.command,
    system_id: name,
    source: pdu.source_addr,
    destination: pdu.destination_addr,
    esm_class: pdu.esm_class,
    data_coding: pdu.data_coding,
    registered: pdu.registered_delivery,
    way,
    place,
    text: (way === 'payload' ? pdu.message_payload : pdu.short_message).message,
    receipted: pdu.receipted_message_id || null,
    ...more,
  });
}

const answered = (name) => (pdu) =>
  tell('answered', { system_id: name, command: pdu.command, status: pdu.command_status, message_id: pdu.message_id || '' });

function receipt(session, name, submit, operatorId) {
  const dates = 'submit date:2611221840 done date:2611221841';
  session.deliver_sm(
    {
      source_addr: submit.destination_addr,
      destination_addr: submit.source_addr,
      esm_class: 4,
      short_message: `id:${operatorId} sub:001 dlvrd:001 ${dates} stat:DELIVRD err:000 text:`,
      receipted_message_id: operatorId,
      message_state: 2,
    },
    answered(name),
  );
}

// -- a session, at either end

function attend(session, name) {
  sessions.set(name, session);
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
    tell('unbound', { system_id: name });
  });
  session.on('deliver_sm', (pdu) => {
    got(name, pdu);
    session.send(pdu.response());
  });
  session.on('submit_sm', (pdu) => {
    const status = refusals.shift() || 0;
    const operatorId = `node-${++ids}`;
    got(name, pdu, { status, operator_id: operatorId });
    if (status) session.send(pdu.response({ command_status: status }));
    else session.send(pdu.response({ message_id: operatorId }));
    if (!status && pdu.registered_delivery & 1) receipt(session, name, pdu, operatorId);
  });
}

function welcome(session) {
  session.on('error', (error) => tell('error', { what: String(error) }));
  for (const command of ['bind_transmitter', 'bind_receiver', 'bind_transceiver']) {
    session.on(command, (pdu) => {
      attend(session, pdu.system_id);
      session.send(pdu.response({ system_id: 'NODE' }));
      tell('bound', { system_id: pdu.system_id, command, version: pdu.interface_version });
    });
  }
}

// -- orders

const orders = {
  listen({ certificate, authority }) {
    const pem = fs.readFileSync(certificate);
    const options = { key: pem, cert: pem, ca: fs.readFileSync(authority), requestCert: true, rejectUnauthorized: true };
    const plain = smpp.createServer(welcome);
    const secure = smpp.createServer(options, welcome);
    plain.listen(0, '127.0.0.1', () =>
      secure.listen(0, '127.0.0.1', () =>
        tell('listening', { port: plain.address().port, tls_port: secure.address().port }),
      ),
    );
  },
  bind({ port, authority, system_id, password }) {
    const options = { host: '127.0.0.1', port, tls: !!authority, ca: authority ? fs.readFileSync(authority) : undefined };
    const session = smpp.connect(options, () =>
      session.bind_transceiver({ system_id, password, interface_version: 0x34 }, (pdu) => {
        attend(session, system_id);
        tell('bound', { system_id: pdu.system_id || '', status: pdu.command_status });
      }),
    );
    session.on('error', (error) => tell('error', { what: String(error) }));
  },
  send({ to, command, way, source, destination, text, registered }) {
    const session = sessions.get(to);
    const common = { source_addr: source, destination_addr: destination, registered_delivery: registered || 0 };
    const parts = way === 'payload' ? [text] : text.match(new RegExp(`[^]{1,${PART}}`, 'g'));
    const reference = ++references;
    parts.forEach((part, index) => {
      const own = {
        short: { short_message: part },
        udh: { short_message: { udh: Buffer.from([5, 0, 3, reference, parts.length, index + 1]), message: part } },
        sar: {
          short_message: part,
          sar_msg_ref_num: reference,
          sar_total_segments: parts.length,
          sar_segment_seqnum: index + 1,
        },
        payload: { short_message: '', message_payload: { message: part } },
      }[way];
      session[command]({ ...common, ...own }, answered(to));
    });
  },
  refuse({ status }) {
    refusals.push(status);
    tell('refusing');
  },
  unbind({ to }) {
    const session = sessions.get(to);
    session.unbind(() => {
      session.close();
      tell('unbound', { system_id: to });
    });
  },
};

const input = readline.createInterface({ input: process.stdin });
input.on('line', (line) => {
  const order = JSON.parse(line);
  orders[order.do](order);
});
input.on('close', () => process.exit(0));

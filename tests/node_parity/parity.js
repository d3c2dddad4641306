// What the scenarios trace with. parity.h is the same in C++.
'use strict';

const fs = require('fs');

// A value as the trace shows it. What is absent is "none": in Node null, undefined or {}.
function text(value) {
  if (value instanceof Error) return value.code ? `${value.code}: ${value.message}` : value.message;
  if (value === null || value === undefined) return 'none';
  if (typeof value !== 'object' || Buffer.isBuffer(value)) return String(value);
  return value.address ? `${value.address} ${value.family} ${value.port}` : 'none';
}

// One line of the trace.
function trace(...values) {
  fs.writeSync(1, values.map(text).join(' ') + '\n');
}

// From now on the test shows `name` where the value stands in the trace: of a value that is
// another one each time.
function name(value, name) {
  trace(':name', value, name);
}

// What an error says besides its code and message.
function traceMembers(error) {
  const members = ['syscall', 'hostname', 'address', 'port', 'localAddress', 'localPort'];
  trace(...members.filter((member) =>error[member] !== undefined && error[member] !== null)
            .map((member) => `${member} is ${error[member]}`));
}

// Whether a call refuses its arguments.
function attempt(what, call) {
  try {
    call();
    trace(what, 'passes');
  } catch (error) {
    trace(what, 'throws', error);
  }
}

// Every event but 'data'.
function traceEvents(who, socket) {
  for (const event of ['connect', 'ready', 'drain', 'timeout', 'end', 'finish', 'error']) {
    socket.on(event, (...values) => trace(who, event, ...values));
  }
  // Node leaves the argument off where there was no connection yet.
  socket.on('close', (hadError) => trace(who, 'close', Boolean(hadError)));
  socket.on('lookup', (error, address, family, host) => {
    if (error) trace(who, 'lookup', error);
    else trace(who, 'lookup', address, family, host);
  });
  return socket;
}

// Every event; the data all at once before 'end', or 'close', for how it comes in pieces differs
// from time to time.
function traceSocket(who, socket) {
  let received = '';
  const tell = () => {
    if (received) trace(who, 'data', received);
    received = '';
  };
  socket.on('data', (chunk) => received += chunk);
  socket.on('end', tell);
  socket.on('close', tell);
  return traceEvents(who, socket);
}

function traceServer(who, server) {
  for (const event of ['listening', 'error', 'close']) {
    server.on(event, (...values) => trace(who, event, ...values));
  }
  return server;
}

// Listens where the client half will connect to, and tells it.
function listenAt(place, server) {
  return server.listen(place, () => {
    const port = String(place.path ? 0 : server.address().port);
    if (!place.path) name(port, 'PLACE');
    fs.writeFileSync(place.folder + '/place.new', port);
    fs.renameSync(place.folder + '/place.new', place.folder + '/place');
  });
}

// To be done when the scenario has ended: closes what it has left open, and in a program of its own
// the system would.
function afterwards(close) {
  left.push(close);
}
const left = [];
afterwards.run = () => {
  while (left.length > 0) left.shift()();
};

module.exports = {
  afterwards, attempt, listenAt, name, trace, traceEvents, traceMembers, traceServer, traceSocket,
};

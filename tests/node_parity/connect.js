// Connecting: the forms, what is seen meanwhile, failures, and doing it again.
'use strict';

const fs = require('fs');
const net = require('net');
const {listenAt, name, trace, traceEvents, traceMembers, traceSocket} = require('./parity.js');

// Serves one client.
function serveOnce(place) {
  const server = net.createServer((socket) => {
    socket.end('served');
    server.close();
  });
  listenAt(place, server);
}

exports.connectForms = {
  server(place) {
    let left = 4;
    const server = net.createServer((socket) => {
      socket.end('served');
      if (--left === 0) server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const {port, host} = place;
    const fourth = () => {
      const socket = new net.Socket();
      const connected = () => trace('socket.connect(options, listener)');
      trace(socket.connect(place, connected) === socket);
      traceSocket('last', socket);
    };
    const third = () => {
      net.connect(place, () => trace('connect(options, listener)')).on('close', fourth).resume();
    };
    const second = () => {
      net.createConnection(port, host)
          .on('connect', () => trace('createConnection(port, host)'))
          .on('close', third)
          .resume();
    };
    net.connect(port, host, () => trace('connect(port, host, listener)'))
        .on('close', second)
        .resume();
  },
};

exports.connectPath = {
  server: serveOnce,
  client(place) {
    // The path wins.
    const socket = net.connect({port: place.nobody, path: place.path});
    traceSocket('client', socket);
    socket.on('connect', () => {
      trace(socket.address(), socket.localPort, socket.remoteAddress, socket.remotePort);
    });
  },
};

exports.whileConnecting = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const state = (when) => {
      trace(when, socket.connecting, socket.pending, socket.readyState, socket.destroyed);
    };
    const socket = new net.Socket();
    state('before');
    socket.connect(place);
    state('after the call');
    trace(socket.address(), socket.localPort, socket.remoteAddress);
    socket.on('connect', () => state('connect'));
    socket.on('ready', () => state('ready'));
    socket.on('end', () => state('end'));
    socket.on('close', () => state('close'));
    socket.end('bye').resume();
    state('after end');
  },
};

exports.refused = {
  alone(place) {
    const socket = net.connect(place.nobody, '127.0.0.1');
    traceEvents('socket', socket);
    socket.on('error', (error) => {
      traceMembers(error);
      trace(socket.connecting, socket.destroyed);
    });
    socket.on('close', () => trace(socket.readyState, socket.remoteAddress));
  },
};

exports.refusedWithWrites = {
  alone(place) {
    const socket = traceEvents('socket', net.connect(place.nobody, '127.0.0.1'));
    trace(socket.write('one', (error) => trace('first', error)));
    trace(socket.write('two', (error) => trace('second', error)));
    socket.end((error) => trace('ended', error));
  },
};

exports.noSuchPath = {
  alone(place) {
    const path = place.folder + '/missing';
    const socket = traceEvents('socket', net.connect(path));
    socket.on('error', traceMembers);
  },
};

exports.pathOfAFile = {
  alone(place) {
    const path = place.folder + '/file';
    fs.writeFileSync(path, '');
    traceEvents('socket', net.connect({path}));
  },
};

exports.localAddressOfOthers = {
  alone(place) {
    const socket = net.connect(
        {port: place.nobody, host: '127.0.0.1', localAddress: '192.0.2.1'});
    traceEvents('socket', socket);
    socket.on('error', traceMembers);
  },
};

exports.localAddress = {
  server(place) {
    const server = net.createServer((socket) => {
      trace(socket.remoteAddress, socket.remoteFamily);
      socket.end();
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const {port, host} = place;
    const socket = net.connect({port, host, localAddress: '127.0.0.2'});
    socket.on('connect', () => {
      name(socket.localPort, 'LOCAL');
      trace(socket.localAddress, socket.localPort, socket.address());
      trace(socket.remoteAddress, socket.remotePort, socket.remoteFamily);
    });
    traceSocket('client', socket);
  },
};

exports.lookupOfName = {
  server: serveOnce,
  client(place) {
    const socket = net.connect({port: place.port, host: 'localhost', family: 4});
    traceSocket('client', socket);
  },
};

exports.lookupOfNonsense = {
  alone() {
    const host = 'a'.repeat(300);
    name(host, 'LONG');
    const socket = net.connect({port: 1, host, family: 4});
    traceEvents('socket', socket);
    socket.on('error', traceMembers);
  },
};

exports.lookupByFunction = {
  server: serveOnce,
  client(place) {
    const socket = net.connect({
      port: place.port, host: 'some.host', family: 4,
      lookup: (host, options, answer) => {
        trace('asked', host, options.family);
        setImmediate(() => answer(null, '127.0.0.1', 4));
      },
    });
    traceSocket('client', socket);
  },
};

// Connects by a lookup that does what it is told with its answer.
function connectBy(reply) {
  const socket = net.connect({
    port: 1, host: 'some.host', family: 4,
    lookup: (host, options, answer) => setImmediate(() => reply(answer)),
  });
  return traceEvents('socket', socket);
}

exports.lookupFails = {
  alone() {
    const socket = connectBy((answer) => answer(new Error('mine')));
    socket.on('error', () => trace(socket.connecting, socket.destroyed));
  },
};

exports.lookupAnswersNonsense = {
  alone() {
    connectBy((answer) => answer(null, 'nonsense', 4));
  },
};

exports.lookupAnswersOddFamily = {
  alone() {
    connectBy((answer) => answer(null, '127.0.0.1', 5));
  },
};

exports.lookupAnswersTooLate = {
  alone() {
    const socket = connectBy((answer) => {
      socket.destroy();
      setImmediate(() => {
        answer(null, '127.0.0.1', 4);
        trace(socket.connecting, socket.destroyed);
      });
    });
  },
};

exports.severalAddresses = {
  server: serveOnce,
  client(place) {
    // At the first of them nobody listens.
    const socket = net.connect({
      port: place.port, host: 'some.host', family: 0,
      lookup: (host, options, answer) => {
        trace('asked', host, options.family, options.all);
        const addresses = [{address: '127.0.0.2', family: 4}, {address: '127.0.0.1', family: 4}];
        setImmediate(() => answer(null, addresses));
      },
      autoSelectFamily: true,
    });
    socket.on('connect', () => trace(socket.remoteAddress));
    traceSocket('client', socket);
  },
};

exports.destroyWhileConnecting = {
  alone(place) {
    const socket = traceEvents('socket', net.connect(place.nobody, '127.0.0.1'));
    socket.write('one', (error) => trace('first', error));
    socket.write('two', (error) => trace('second', error));
    socket.destroy();
    trace(socket.connecting, socket.destroyed, socket.readyState);
  },
};

exports.destroyWithErrorWhileConnecting = {
  alone(place) {
    const socket = traceEvents('socket', net.connect(place.nobody, '127.0.0.1'));
    socket.write('one', (error) => trace('first', error));
    socket.write('two', (error) => trace('second', error));
    socket.destroy(new Error('mine'));
  },
};

exports.reconnectAfterRefusal = {
  alone(place) {
    const server = net.createServer((socket) => {
      socket.end('served');
      server.close();
    });
    const socket = traceSocket('socket', new net.Socket());
    socket.once('close', () => {
      server.listen(0, '127.0.0.1', () => {
        socket.connect(server.address().port, '127.0.0.1', () => trace('listener of the second'));
        trace(socket.connecting, socket.destroyed);
      });
    });
    socket.connect(place.nobody, '127.0.0.1', () => trace('listener of the first'));
  },
};

exports.reconnectAfterClose = {
  server(place) {
    let count = 0;
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      if (++count === 3) server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    let count = 0;
    const connect = () => {
      socket.connect(place, () => trace('listener', ++count));
      socket.end('x'.repeat(count + 1));
      trace(socket.bytesRead, socket.bytesWritten, socket.destroyed);
    };
    const socket = traceSocket('client', new net.Socket());
    socket.on('close', () => {
      if (count < 3) connect();
    });
    connect();
  },
};

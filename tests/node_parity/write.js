// Writing: results, callbacks, drain, counters, and when it is too late.
'use strict';

const net = require('net');
const {listenAt, trace, traceEvents, traceSocket} = require('./parity.js');

// Traces what one client sends, and ends when that does.
function listener(place) {
  const server = net.createServer((socket) => {
    traceSocket('served', socket);
    server.close();
  });
  listenAt(place, server);
}

exports.writeCallbacks = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('ready', () => {
      trace(socket.write('one ', (error) => trace('first', error)));
      trace(socket.write('', (error) => trace('empty', error)));
      trace(socket.write('two ', (error) => trace('second', error)));
      socket.end('three', (error) => trace('ended', error));
      trace(socket.bytesWritten, socket.writableLength);
    });
    socket.resume();
  },
};

exports.writeBeforeConnect = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    trace(socket.write('one ', (error) => trace('first', error)));
    trace(socket.write(Buffer.from('two '), (error) => trace('second', error)));
    trace(socket.bytesWritten, socket.writableLength);
    socket.on('connect', () => {
      socket.end('three', () => trace('ended', socket.bytesWritten, socket.writableLength));
    });
    socket.resume();
  },
};

exports.largeWrite = {
  server(place) {
    let received = 0;
    const server = net.createServer((socket) => {
      traceEvents('served', socket);
      socket.on('data', (chunk) => received += chunk.length);
      socket.on('end', () => trace(received, socket.bytesRead));
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const size = 16 << 20;
    const socket = net.connect(place);
    socket.on('drain', () => trace('drain', socket.writableLength));
    trace(socket.write(Buffer.alloc(size, 'x'), (error) => {
      trace('written', error, socket.writableLength);
      socket.end();
    }));
    trace(socket.bytesWritten, socket.writableLength);
    socket.on('finish', () => trace('finish'));
    socket.on('close', (hadError) => trace('close', hadError, socket.bytesWritten));
    socket.resume();
  },
};

exports.drainOften = {
  server: exports.largeWrite.server,
  client(place) {
    let left = 5;
    const write = () => {
      while (left > 0) {
        --left;
        if (!socket.write(Buffer.alloc(8 << 20))) return;
      }
      socket.end('last');
    };
    const socket = net.connect(place);
    socket.on('connect', write);
    socket.on('drain', write);
    socket.on('close', (hadError) => trace('close', hadError, socket.bytesWritten));
    socket.resume();
  },
};

exports.writeAfterEnd = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('ready', () => {
      socket.end('all');
      trace(socket.writable, socket.readyState);
      trace(socket.write('more', (error) => trace('written', error)));
      trace(socket.bytesWritten);
    });
    socket.resume();
  },
};

exports.writeAfterDestroy = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('ready', () => {
      socket.destroy();
      trace(socket.write('more', (error) => trace('written', error)));
      socket.end((error) => trace('ended', error));
      trace(socket.writable, socket.readyState);
    });
  },
};

exports.writeAfterPeersEnd = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      server.close();
      socket.end('enough');
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    // By then the socket has ended by itself.
    socket.on('finish', () => {
      trace(socket.write('more', (error) => trace('written', error)));
    });
  },
};

exports.writeInEndListener = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      server.close();
      socket.end('your turn');
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.on('end', () => {
      trace(socket.writable, socket.readyState);
      socket.write('my turn', (error) => trace('written', error));
    });
  },
};

exports.encodingsWritten = {
  server(place) {
    const server = net.createServer((socket) => {
      socket.setEncoding('hex');
      traceSocket('served', socket);
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = net.connect(place);
    for (const encoding of ['utf8', 'ascii', 'latin1', 'utf16le']) {
      socket.write('A\u00e9\u20ac|', encoding);
      trace(encoding, socket.bytesWritten);
    }
    socket.write('QUI=', 'base64');
    socket.write('-_8', 'base64url');
    socket.write('4a4B', 'hex');
    trace(socket.bytesWritten);
    socket.end('7f', 'hex');
    socket.resume();
  },
};

exports.corked = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('ready', () => {
      socket.cork();
      socket.cork();
      trace(socket.write('one ', (error) => trace('first', error)));
      trace(socket.write('two ', (error) => trace('second', error)));
      socket.uncork();
      trace(socket.writableLength);
      socket.uncork();
      socket.cork();
      socket.write('three');
      socket.end((error) => trace('ended', error));
    });
    socket.resume();
  },
};

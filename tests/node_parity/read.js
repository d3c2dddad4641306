// Reading: pause and resume, 'readable' and read(), pipes, encodings, counters, timeouts.
'use strict';

const {execFileSync} = require('child_process');
const fs = require('fs');
const net = require('net');
const {listenAt, trace, traceEvents, traceSocket} = require('./parity.js');

exports.pipeEcho = {
  server(place) {
    const server = net.createServer((socket) => {
      traceEvents('served', socket);
      trace(socket.pipe(socket) === socket);
      socket.on('close', () => trace(socket.bytesRead, socket.bytesWritten));
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.end('said twice');
    socket.on('close', () => trace(socket.bytesRead, socket.bytesWritten));
  },
};

exports.pipeMuch = {
  server(place) {
    const server = net.createServer((socket) => {
      socket.pipe(socket);
      socket.on('end', () => trace('end', socket.bytesRead));
      socket.on('close', (hadError) => trace('close', hadError, socket.bytesWritten));
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    let received = 0;
    const socket = traceEvents('client', net.connect(place));
    socket.on('data', (chunk) => received += chunk.length);
    socket.on('connect', () => socket.end(Buffer.alloc(8 << 20)));
    socket.on('close', () => trace(received, socket.bytesRead, socket.bytesWritten));
  },
};

exports.pipeWithoutEnd = {
  server(place) {
    const server = net.createServer();
    server.once('connection', (first) => {
      traceEvents('first', first);
      server.once('connection', (second) => {
        traceEvents('second', second).resume();
        second.on('unpipe', (from) => trace('unpipe', from === first));
        server.close();
        trace(first.pipe(second, {end: false}) === second);
        first.on('end', () => second.end(' and the rest'));
      });
      first.write('.');
    });
    listenAt(place, server);
  },
  client(place) {
    const first = net.connect(place);
    first.once('data', () => {
      const second = traceSocket('second', net.connect(place));
      second.on('connect', () => first.end('piped'));
    });
  },
};

exports.unpipe = {
  server(place) {
    const server = net.createServer((socket) => {
      traceEvents('served', socket);
      server.close();
      socket.pipe(socket);
      socket.once('data', () => {
        socket.unpipe(socket);
        socket.resume();
        socket.write(' (once)');
      });
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.on('ready', () => socket.write('echoed'));
    socket.once('data', () => socket.end('not echoed'));
  },
};

exports.pausedBeforeConnect = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      server.close();
      socket.write('greeting');
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', new net.Socket());
    socket.pause();
    socket.connect(place, () => {
      setImmediate(() => {
        trace(socket.isPaused(), socket.readyState);
        socket.resume();
        socket.once('data', () => socket.end());
      });
    });
    trace(socket.isPaused());
  },
};

exports.pauseAndResume = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      server.close();
      socket.write('one');
      socket.once('data', () => socket.end('two'));
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.once('data', (chunk) => {
      trace(chunk);
      trace(socket.pause() === socket);
      trace(socket.isPaused());
      socket.on('data', (chunk) => trace('resumed', socket.isPaused(), chunk));
      socket.write('next');
      setTimeout(() => socket.resume(), 20);
    });
  },
};

exports.neverRead = {
  server(place) {
    const server = net.createServer((socket) => {
      traceEvents('served', socket);
      server.close();
      socket.end('unread');
      socket.resume();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('connect', () => socket.end(() => {
      // Nobody consumes, so there is no end.
      setTimeout(() => {
        trace(socket.destroyed);
        socket.resume();
      }, 20);
    }));
  },
};

// Answers each time that there was something to read.
function readAndAnswer(socket, size) {
  traceEvents('served', socket);
  socket.on('readable', () => {
    trace('readable');
    for (let chunk; (chunk = socket.read(size)) !== null;) trace('read', chunk);
    socket.write('.');
  });
}

// Says one thing after the other, each when the one before was answered, and the last with the end.
function sayInTurn(place, words) {
  const socket = net.connect(place);
  const sayNext = () => {
    const word = words.shift();
    if (words.length > 0) socket.write(word);
    else if (word !== undefined) socket.end(word);
  };
  socket.on('connect', sayNext);
  socket.on('data', sayNext);
}

exports.readable = {
  server(place) {
    const server = net.createServer((socket) => {
      readAndAnswer(socket);
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    sayInTurn(place, ['one', 'two', 'three']);
  },
};

exports.readPieces = {
  server(place) {
    const server = net.createServer((socket) => {
      readAndAnswer(socket, 4);
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    sayInTurn(place, ['a', 'bc', 'defghijklmn', 'op', 'q']);
  },
};

exports.readPiecesOfText = {
  server(place) {
    const server = net.createServer((socket) => {
      socket.setEncoding('utf8');
      readAndAnswer(socket, 2);
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    sayInTurn(place, ['\u00e9\u20acx', 'y', '\u20ac']);
  },
};

exports.readHeader = {
  server(place) {
    const server = net.createServer((socket) => {
      traceEvents('served', socket);
      server.close();
      socket.once('readable', () => {
        trace('header', socket.read(6));
        trace('not there', socket.read(6));
        socket.on('data', (chunk) => {
          trace('data', chunk);
          socket.write('.');
        });
      });
    });
    listenAt(place, server);
  },
  client(place) {
    sayInTurn(place, ['headerbody', 'more', 'last']);
  },
};

exports.switchToReadableAndBack = {
  server(place) {
    const server = net.createServer((socket) => {
      traceEvents('served', socket);
      server.close();
      socket.on('data', (chunk) => {
        trace('data', chunk);
        if (String(chunk) !== 'sec') socket.write('.');
      });
      socket.once('data', () => {
        socket.on('readable', () => {
          trace('readable');
          trace('read', socket.read(3));
          socket.removeAllListeners('readable');
        });
      });
    });
    listenAt(place, server);
  },
  client(place) {
    sayInTurn(place, ['first', 'second', 'third']);
  },
};

exports.throwInDataListener = {
  server(place) {
    const server = net.createServer((socket) => {
      socket.once('data', () => {
        throw new Error('thrown on purpose');
      });
      traceSocket('served', socket);
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.on('ready', () => socket.end('not heard'));
  },
};

// Through the two ends of a pipe that is opened by a path.
exports.descriptors = {
  server(place) {
    execFileSync('mkfifo', [place.path]);
    fs.writeFileSync(place.folder + '/place', '0');
    const fd = fs.openSync(place.path, 'r');
    const reader = traceSocket('reader', new net.Socket({fd, readable: true, writable: false}));
    trace(reader.connecting, reader.readyState);
    reader.on('close', () => trace(reader.bytesRead, reader.destroyed));
  },
  client(place) {
    const fd = fs.openSync(place.path, 'w');
    const writer = traceEvents('writer', new net.Socket({fd, readable: false, writable: true}));
    trace(writer.connecting, writer.readyState);
    trace(writer.write('through', () => trace('written')));
    writer.end(' a pipe', () => trace('ended'));
    writer.on('close', () => trace(writer.bytesWritten, writer.destroyed));
  },
};

exports.encodingsRead = {
  server(place) {
    const encodings = ['utf8', 'latin1', 'ascii', 'hex', 'base64', 'base64url', 'utf16le'];
    const server = net.createServer((socket) => {
      const encoding = encodings.shift();
      trace(socket.setEncoding(encoding) === socket);
      traceSocket(encoding, socket);
      if (encodings.length === 0) server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    let left = 7;
    const connect = () => {
      const socket = net.connect(place).resume();
      socket.end(Buffer.from('41c3a9e282ac42f09f9881c3', 'hex'));
      socket.on('close', () => {
        if (--left > 0) connect();
      });
    };
    connect();
  },
};

exports.idleTimeout = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      trace(socket.setTimeout(20, () => {
        trace('once', socket.timeout, socket.destroyed);
        socket.end('too slow');
      }) === socket);
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    traceSocket('client', net.connect(place));
  },
};

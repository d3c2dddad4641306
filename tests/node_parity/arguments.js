// What is refused at the call, and isIP.
'use strict';

const net = require('net');
const {attempt, trace} = require('./parity.js');

exports.isIpTable = {
  alone() {
    for (const text of [
      '', '0.0.0.0', '127.0.0.1', '255.255.255.255', '256.0.0.1', '1.2.3', '1.2.3.4.5', '01.2.3.4',
      '0x7f.0.0.1', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4/8', '1..2.3', '::', '::1', '1::',
      '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', ':::', ':1', '12345::',
      'FE80::Ab', '::ffff:127.0.0.1', '::127.0.0.256', '1:2:3:4:5:6:7:1.2.3.4', 'fe80::1%eth0',
      'fe80::1%', '[::1]', '::1/64', 'localhost', 'g::',
    ]) {
      trace(`<${text}>`, net.isIP(text), net.isIPv4(text), net.isIPv6(text));
    }
    trace('line end', net.isIP('1.2.3.4\n'), net.isIP('::1\n'));
  },
};

exports.connectArguments = {
  alone() {
    const connect = (what, options) => {
      attempt(what, () => net.connect(options).on('error', () => {}));
    };
    connect('no target', {});
    connect('empty path', {path: ''});
    connect('port -1', {port: -1});
    connect('port 65536', {port: 65536});
    connect('localAddress', {port: 1, localAddress: 'localhost'});
    connect('localPort', {port: 1, localPort: 65536});
    connect('family', {port: 1, family: 5});
    connect('hints', {port: 1,hints: 1024});
    connect('lookup', {port: 1, lookup: 'function'});
    attempt('listener', () => net.connect(65536, 'localhost', () => trace('connect')));
  },
};

exports.listenArguments = {
  alone() {
    const server = net.createServer();
    attempt('no target', () => server.listen({}));
    attempt('port -1', () => server.listen(-1));
    attempt('port 65536', () => server.listen(65536));
    attempt('option port 65536', () => server.listen({port: 65536}));
    attempt('fd -1', () => server.listen({fd: -1}));
    trace(server.listening, server.address());
  },
};

exports.socketArguments = {
  alone() {
    const socket = new net.Socket();
    attempt('fd -1', () => new net.Socket({fd: -1}));
    attempt('fd 99999', () => new net.Socket({fd: 99999}));
    attempt('setTimeout -1', () => socket.setTimeout(-1));
    attempt('setTimeout NaN', () => socket.setTimeout(NaN));
    attempt('setTimeout Infinity', () => socket.setTimeout(Infinity));
    attempt('setTimeout 2.5', () => socket.setTimeout(2.5));
    attempt('setTimeout 0', () => socket.setTimeout(0));
    attempt('setEncoding', () => socket.setEncoding('utf-9'));
    attempt('write', () => socket.write('text', 'utf-9'));
    attempt('end', () => socket.end('text', 'utf-9'));
    for (const encoding of ['utf8', 'UTF-8', 'ascii', 'Latin1', 'binary', 'ucs2', 'UCS-2',
                            'utf16le', 'UTF-16LE', 'base64', 'base64url', 'hex']) {
      attempt(encoding, () => socket.setEncoding(encoding));
    }
  },
};

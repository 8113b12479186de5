/**
 * `node raw-peer.mjs INTERFACE ADDRESS`: a peer that uses the package raw-socket. It sends the packets
 * that it is given and prints those that it receives. It knows only the protocol number and the group
 * of VRRP, and shares no code with the agent.
 *
 * One JSON document a line. In: `{"send": HEX}`, `{"repeat": NAME, "packet": HEX, "every": MS}`,
 * `{"silence": NAME}`. Out: `{"ready": true}`, then `{"at": MICROSECONDS, "packet": HEX}`, and
 * `{"gap": MS}` when it has repeated a packet too late. Packets are complete IPv4 packets; the
 * destination is the one in their header.
 */
import { createInterface } from 'node:readline';
import raw from 'raw-socket';

// <linux/in.h>, <asm/socket.h>
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const IPPROTO_IP = 0;
const IP_HDRINCL = 3;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;

const [interfaceName = '', address = ''] = process.argv.slice(2);
const local = Buffer.from(address.split('.').map(Number));
const group = Buffer.from([224, 0, 0, 18]);

const socket = raw.createSocket({ protocol: 112 });
const device = Buffer.from(`${interfaceName}\0`);
socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, device, device.length);
socket.setOption(IPPROTO_IP, IP_HDRINCL, 1);
socket.setOption(IPPROTO_IP, IP_MULTICAST_IF, local, local.length);
socket.setOption(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
const membership = Buffer.concat([group, local]);
socket.setOption(IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, membership.length);

const say = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);

socket.on('message', (packet) => {
  const at = Math.round((performance.timeOrigin + performance.now()) * 1_000);
  say({ at, packet: packet.toString('hex') });
});
socket.on('error', (error) => {
  throw error;
});

const send = (packet) => {
  const destination = [...packet.subarray(16, 20)].join('.');
  socket.send(packet, 0, packet.length, destination, (error) => {
    if (error) throw error;
  });
};

const repeated = new Map();

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line);
    if (command.send !== undefined) send(Buffer.from(command.send, 'hex'));
    if (command.repeat !== undefined) {
      const packet = Buffer.from(command.packet, 'hex');
      let last = performance.now();
      const again = () => {
        const gap = performance.now() - last;
        last += gap;
        send(packet);
        if (gap > command.every * 2) say({ gap });
      };
      again();
      repeated.set(command.repeat, setInterval(again, command.every));
    }
    if (command.silence !== undefined) {
      clearInterval(repeated.get(command.silence));
      repeated.delete(command.silence);
    }
  })
  .on('close', () => process.exit(0));

say({ ready: true });

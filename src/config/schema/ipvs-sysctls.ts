/** The kernel parameters below net.ipv4.vs that the file may set, and what the kernel takes for them. */
import { mapping, pattern, wholeNumber } from './schema-parts.ts';

const LARGEST = 2_147_483_647;

function number(maximum: number, description: string) {
  return wholeNumber(0, maximum).meta({ description }).optional();
}

export const ipvsSysctls = mapping(
  {
    sync_threshold: pattern(/^[0-9]{1,9} [0-9]{1,9}$/, 'two numbers in quotes, like "1 2"')
      .meta({
        description:
          'A connection is sent when its count of packets modulo the second number is the first: ' +
          '"3 50" is the kernel\'s default, "1 2" sends young connections sooner.',
        examples: ['1 2'],
      })
      .optional(),
    sync_refresh_period: number(
      LARGEST,
      'Seconds after which a connection in use is sent again; 0: never.',
    ),
    sync_retries: number(3, 'Times a refresh is repeated, an eighth of the period apart.'),
    sync_ports: wholeNumber(1, 64)
      .meta({
        description:
          'Threads, and UDP ports from `port` on, of each daemon: a power of two, the same on both ' +
          'directors.',
      })
      .optional(),
    sync_version: number(1, 'Form of the messages: 1, or 0 for peers before Linux 2.6.39.'),
    sync_persist_mode: number(1, '1: of persistent services only the templates are sent.'),
    sync_qlen_max: number(LARGEST, 'Messages that may wait to be sent.'),
    sync_sock_size: number(LARGEST, "Size of the daemons' socket buffers; 0: the system's."),
    sloppy_tcp: number(1, '1: packets in the middle of an unknown TCP connection create an entry.'),
    sloppy_sctp: number(1, 'The same for SCTP.'),
    backup_only: number(1, '1: a director that is only BACKUP does not balance.'),
    expire_nodest_conn: number(1, '1: connections whose server is gone end at once.'),
    expire_quiescent_template: number(1, '1: persistence does not lead to a server of weight 0.'),
    conn_reuse_mode: number(3, 'What becomes of a port that a client uses again.'),
    conntrack: number(1, '1: the firewall sees the connections too.'),
    snat_reroute: number(1, '1: packets are routed again after their source has been rewritten.'),
    nat_icmp_send: number(1, '1: ICMP errors are sent for `nat` too.'),
    drop_entry: number(3, 'Defence: entries dropped at random when memory is short.'),
    drop_packet: number(3, 'Defence: packets dropped when memory is short.'),
    secure_tcp: number(3, 'Defence: shorter timeouts while a connection is being made.'),
    amemthresh: number(LARGEST, 'Pages of memory below which it is short.'),
    am_droprate: number(LARGEST, 'One packet in so many is dropped in mode 3 of drop_packet.'),
    cache_bypass: number(1, '1: a transparent cache is passed by when it has no server.'),
    ignore_tunneled: number(1, '1: packets out of a tunnel are not balanced again.'),
    pmtu_disc: number(1, '1: path MTU discovery towards the servers.'),
    schedule_icmp: number(1, '1: ICMP is balanced like the packets it is about.'),
    run_estimation: number(1, '1: rates are estimated.'),
  },
  'Parameters of net.ipv4.vs. Set at start, put back when somebody changes them, and restored to ' +
    'what they were when the agent stops. What is not named is left alone.',
);

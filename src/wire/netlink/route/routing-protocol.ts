/**
 * RTPROT and FRA_PROTOCOL say who made a route or a rule (<linux/rtnetlink.h>): ours carry the number
 * of the VRRP protocol, as our addresses do. keepalived has 18, and nobody is registered for 112. A
 * removal that carries it leaves alone what others have made.
 */
export const RTPROT_VRRP = 112;

export const AF_INET = 2;
export const AF_INET6 = 10;

/**
 * RTPROT and FRA_PROTOCOL tell which program made a route or a rule (<linux/rtnetlink.h>): ours have the
 * number of the VRRP protocol, like our addresses. keepalived has 18; 112 is not registered. A removal
 * with this number does not affect entries of other programs.
 */
export const RTPROT_VRRP = 112;

export const AF_INET = 2;
export const AF_INET6 = 10;

/** Numbers that several kinds of netlink messages share. */

export const AF_INET = 2;
export const AF_INET6 = 10;

/**
 * IFA_PROTO, RTPROT and FRA_PROTOCOL say which program added an address, a route or a rule
 * (<linux/if_addr.h>, <linux/rtnetlink.h>): ours have the number of the VRRP protocol. keepalived has
 * 18; 112 is not registered. A removal with this number does not affect entries of other programs.
 */
export const ORIGIN_VRRP = 112;

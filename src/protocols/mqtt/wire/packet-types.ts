/** Types of control packets (MQTT 5.0 section 2.1.2), as they stand in the first byte's upper half. */
export const PACKET = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
  AUTH: 15,
} as const;

/** Protocol levels that are spoken; level 3 is MQTT 3.1, whose clients differ in CONNECT only. */
export type Version = 3 | 4 | 5;

export type QoS = 0 | 1 | 2;

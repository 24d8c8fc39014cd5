import type { QoS } from '../wire/packet-types.ts';

/** How a subscription wants its messages written. Two with equal views get the same bytes. */
export interface View {
  /** The client speaks MQTT 5. */
  readonly modern: boolean;
  /** The highest QoS. */
  readonly qos: QoS;
  readonly retainAsPublished: boolean;
  /** Retained messages, because of a subscription: the flag is set. */
  readonly retained: boolean;
  /** 0 for none. */
  readonly identifier: number;
  /** Leave out messages whose subject begins with `$`. */
  readonly hidesSystem: boolean;
  /** Leave out messages whose id begins with this; empty for none. */
  readonly notFrom: string;
  /** Largest packet that the client takes. */
  readonly maxPacketBytes: number;
}

export function sameView(one: View, other: View): boolean {
  return (
    one === other ||
    (one.modern === other.modern &&
      one.qos === other.qos &&
      one.retainAsPublished === other.retainAsPublished &&
      one.retained === other.retained &&
      one.identifier === other.identifier &&
      one.hidesSystem === other.hidesSystem &&
      one.notFrom === other.notFrom &&
      one.maxPacketBytes === other.maxPacketBytes)
  );
}

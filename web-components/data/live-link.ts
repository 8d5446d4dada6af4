import type {
  LiveFrame,
  LiveRequest,
} from "@restic-manager/shared/api/live.ts";

/** One connection that carries the frames of the live protocol. */
export interface LiveLink {
  send(request: LiveRequest): void;
  /** Nothing is heard of it afterwards. */
  close(): void;
}

export interface LinkListener {
  readonly onFrame: (frame: LiveFrame) => void;
  /** The connection is gone, or did not come about. */
  readonly onLost: () => void;
}

export type OpenLink = (listener: LinkListener) => LiveLink;

export function webSocketLink(url: string): OpenLink {
  return ({ onFrame, onLost }) => {
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) =>
      onFrame(JSON.parse(String(data)) as LiveFrame);
    socket.onclose = onLost;
    return {
      send(request) {
        if (socket.readyState === WebSocket.OPEN)
          socket.send(JSON.stringify(request));
      },
      close() {
        socket.onclose = null;
        socket.onmessage = null;
        socket.close();
      },
    };
  };
}

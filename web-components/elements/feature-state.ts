import type { State } from "./status.ts";

/** How something that can be switched on stands. Nothing is ever half on without saying what is missing. */
export type FeatureState = "off" | "incomplete" | "on" | "failing";

export interface Feature {
  readonly state: FeatureState;
  /** Why it is not simply on. */
  readonly reason: string;
}

export const featureStates: Readonly<Record<FeatureState, State>> = {
  off: { word: "Off", tone: "off", shape: "circle" },
  incomplete: { word: "Incomplete", tone: "warn", shape: "triangle" },
  on: { word: "On", tone: "ok", shape: "disc" },
  failing: { word: "Failing", tone: "bad", shape: "cross" },
};

export const isOn: Feature = { state: "on", reason: "" };

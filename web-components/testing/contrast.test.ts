import { expect, test } from "bun:test";
import { useStage } from "./stage.ts";
import { emptyWorld, visitorSession } from "./world.ts";

const text = 4.5;
const graphic = 3;

/** Colour on ground, and the ratio that WCAG asks of such a pair. */
const pairs: readonly (readonly [
  colour: string,
  ground: string,
  least: number,
])[] = [
  ...["canvas", "surface", "sunken", "raised", "hover", "active"].map(
    (ground) => ["text", ground, text] as const,
  ),
  ...["canvas", "surface", "sunken", "raised", "hover", "active"].map(
    (ground) => ["text-2", ground, text] as const,
  ),
  ...["surface", "sunken", "hover"].map(
    (ground) => ["text-3", ground, text] as const,
  ),
  ["accent-text", "surface", text],
  ["accent-text", "canvas", text],
  ["accent-text", "accent-soft", text],
  ["on-accent", "accent", text],
  ["on-accent", "accent-hover", text],
  ...["ok", "warn", "bad", "run"].flatMap(
    (state) =>
      [
        [`${state}-text`, "surface", text],
        [`${state}-text`, "hover", text],
        [`${state}-text`, `${state}-soft`, text],
        [state, "surface", graphic],
        [state, "hover", graphic],
      ] as const,
  ),
  ["bad-text", "raised", text],
  ["off-text", "off-soft", text],
  ["off", "surface", graphic],
  ["control", "surface", graphic],
  ["focus", "surface", graphic],
  ["focus", "canvas", graphic],
];

const stage = useStage();

for (const theme of ["light", "dark"] as const) {
  test(`every colour stands out from its ground, ${theme}`, () =>
    stage.play(
      { ...emptyWorld(), session: visitorSession() },
      "/login",
      async ({ page }) => {
        const ratios = await page.evaluate((asked) => {
          const canvas = new OffscreenCanvas(1, 1).getContext("2d", {
            willReadFrequently: true,
          })!;
          const probe = document.body.appendChild(
            document.createElement("div"),
          );
          const luminance = (token: string) => {
            probe.style.color = `var(--rm-${token})`;
            canvas.fillStyle = getComputedStyle(probe).color;
            canvas.fillRect(0, 0, 1, 1);
            const [r = 0, g = 0, b = 0] = [
              ...canvas.getImageData(0, 0, 1, 1).data,
            ].map((value) => {
              const share = value / 255;
              return share <= 0.04045
                ? share / 12.92
                : ((share + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          return asked.map(([colour, ground]) => {
            const [dark = 0, bright = 0] = [
              luminance(colour),
              luminance(ground),
            ].sort((a, b) => a - b);
            return (bright + 0.05) / (dark + 0.05);
          });
        }, pairs);
        const weak = pairs
          .map(([colour, ground, least], index) => ({
            pair: `${colour} on ${ground}`,
            least,
            ratio: ratios[index] ?? 0,
          }))
          .filter(({ ratio, least }) => ratio < least);
        expect(weak).toEqual([]);
      },
      { theme },
    ));
}

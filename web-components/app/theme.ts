/** `system` follows the machine. `boot.ts` reads the same key before the first paint. */
export type Theme = "system" | "light" | "dark";

const key = "rm-theme";

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(key);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function chooseTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") {
    localStorage.removeItem(key);
    delete root.dataset["theme"];
  } else {
    localStorage.setItem(key, theme);
    root.dataset["theme"] = theme;
  }
}

export function isDark(theme: Theme): boolean {
  return (
    theme === "dark" ||
    (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
  );
}

/** Sets the chosen theme before the first paint. A file of its own, because the CSP allows no inline script. */
const theme = localStorage.getItem("rm-theme");
if (theme !== null) document.documentElement.dataset["theme"] = theme;

import "./app/rm-app.ts";

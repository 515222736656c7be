// A style sheet as a text: web/elements/build.mjs makes it small and puts it into the script.
declare module '*.css' {
  const text: string;
  export default text;
}

// A worker that says nothing.
onmessage = () => {};

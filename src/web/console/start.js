// All parts are there.

start_tabs();

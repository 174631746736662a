// A shared library needs a source of its own; the calls come from emulated_driver.

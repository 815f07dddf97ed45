"""A local stand-in for the Modal service, enough to run the real ``modal`` command end to end.

It speaks Modal's gRPC protocol on loopback, with the messages of the installed ``modal`` package,
and runs each function call in the real container entry point, inside a private mount namespace that
shows only what the launcher mounted and the Volume at its path.

It never installs the image's packages (the current interpreter's are used) and lends no GPU. What
detach, preemption and retries do here is a model of the service, not evidence about it.

=================  ===========================================================
``__main__.py``    the process: options, servers, shutdown
``cloud.py``       what the service knows: apps, functions, calls, tasks
``scheduler.py``   inputs, attempts, retries, timeouts, the end of apps
``container.py``   a container's root folder, and its process
``volumes.py``     Volumes, and each container's working copy of them
``rpc_*.py``       the remote procedures, by subject
``server.py``      gRPC: each call to the method of its name
``web.py``         HTTP: file contents, and the tests' own requests
``digest.py``      what was asked of the service, as JSON
``client.py``      the ``modal`` command against a running emulator
=================  ===========================================================
"""

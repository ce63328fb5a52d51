// Runs the programs of the packages' readmes. That of the server is compiled only: it takes a fixed port.
await Readmes.Core();
await Readmes.Policies();
await Readmes.Simulation();
await Readmes.Tailoring();
await Readmes.Client();

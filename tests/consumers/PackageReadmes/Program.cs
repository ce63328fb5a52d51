// Runs the programs of the packages' readmes. Those of the server and its web application are compiled only: they take fixed ports.
await Readmes.Core();
await Readmes.Policies();
await Readmes.Simulation();
await Readmes.Tailoring();
await Readmes.Client();

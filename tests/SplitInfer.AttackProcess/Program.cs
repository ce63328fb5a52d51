// Both sides of an attack as processes of their own, for tests of what a server under attack takes and gives.
//   SplitInfer.AttackProcess serve MODELS SECRETS CONNECTIONS
// serves a folder of models with the limits of a small machine; with a folder of secrets, unless that is empty, over TLS, to clients with a key; with so many
// connections, unless that is empty. It prints the port, and how many bytes clients may make it take.
//   SplitInfer.AttackProcess attack NAME PORT MACHINE
// attacks such a server from an address, until its standard input ends.
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using SplitInfer.Server;
using SplitInfer.Testing.Attacks;

switch (args[0])
{
    case "serve":
        await ServeAsync(args[1], args[2], args[3]);
        break;
    default:
        await AttackAsync(AttackCatalog.All[args[1]], new(int.Parse(args[2]), IPAddress.Parse(args[3]), TimeSpan.Zero, AttackTarget.Plan()));
        break;
}

static async Task ServeAsync(string models, string secrets, string connections)
{
    const long MiB = 1 << 20;
    var options = new SplitInferServerOptions
    {
        ModelsDirectory = models,
        SegmentMemoryBytes = 2 * MiB,
        Execution = { IntraOpThreads = 1 },
        Limits =
        {
            MaxHeldBytes = 64 * MiB, MaxHeldBytesPerMachine = 32 * MiB, MaxHeldBytesPerConnection = 32 * MiB, MaxRunMemoryBytes = 256 * MiB, MaxOutputBytes = 16 * MiB,
            MaxRunTime = TimeSpan.FromSeconds(1),
        },
    };
    options.Listen.Add(new($"{(secrets.Length == 0 ? "tcp" : "tls")}://127.0.0.1:0"));
    if (connections.Length > 0) options.Limits.MaxConnections = options.Limits.MaxConnectionsPerMachine = int.Parse(connections);
    if (secrets.Length > 0)
        (options.Security.CertificateFile, options.Security.CertificateKeyFile, options.Security.KeysFile) = (Path.Combine(secrets, "server.crt"), Path.Combine(secrets, "server.key"), Path.Combine(secrets, "keys"));
    using var loggers = LoggerFactory.Create(static logging => logging.AddSimpleConsole().Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace));
    await using var server = await SplitInferServer.StartAsync(options, loggers);
    Console.WriteLine(server.Endpoints[0].Port);
    Console.WriteLine(options.ClientMemoryBound);
    await Console.In.ReadToEndAsync();
}

static async Task AttackAsync(Attack attack, AttackTarget target)
{
    using var stop = new CancellationTokenSource();
    Console.WriteLine("It begins.");
    var attacking = attack.RunAsync(target, stop.Token);
    await Console.In.ReadToEndAsync();
    await stop.CancelAsync();
    await attacking;
}

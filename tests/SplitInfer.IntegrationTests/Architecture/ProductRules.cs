namespace SplitInfer.IntegrationTests.Architecture;

/// <summary>What the rooms of this product may use.</summary>
internal static class ProductRules
{
    private static readonly string[] Core = ["Core/Segments", "Core/Calibration", "Core/Families", "Core/Exits", "Core/Protocol"];
    private static readonly string[] Policies = ["Policies/Catalog"];
    private static readonly string[] Libraries = ["AspNetCore", "Client", "Client/DependencyInjection", "Client/Streams", "Dashboard", "Dashboard/Plans", "Dashboard/Families", "Emulation", "Fleet", "Imaging/Codecs", "Server", "Server/DependencyInjection", "Simulation/RandomWorlds", "Simulation/Families", "Simulation/Experience", "Simulation/Quality", "Simulation/Crowds", "Simulation/Streams", "Tailoring/Verification", "Tailoring/Families", "Tailoring/Exits"];

    /// <summary>The rules. In Core and Policies the project's own folder is the bottom, in the other projects the top.</summary>
    public static RoomRules Rules { get; } = new()
    {
        Allowed = new Dictionary<string, string[]>
        {
            ["Core"] = [],
            ["Core/Tensors"] = ["Core"],
            ["Core/Codecs"] = ["Core/Tensors"],
            ["Core/Models"] = ["Core/Tensors"],
            ["Core/Execution"] = ["Core/Tensors"],
            ["Core/Partitioning"] = ["Core/Models", "Core/Execution"],
            ["Core/Telemetry"] = [],
            ["Core/Batching"] = ["Core/Partitioning"],
            ["Core/Segments"] = ["Core/Batching"],
            ["Core/Calibration"] = ["Core/Partitioning", "Core/Codecs"],
            ["Core/Families"] = ["Core"],
            ["Core/Exits"] = ["Core/Partitioning", "Core/Codecs"],
            ["Core/Protocol"] = ["Core/Partitioning", "Core/Codecs"],

            ["Policies/Sharing"] = [],
            ["Policies"] = ["Policies/Sharing"],
            ["Policies/Learning"] = ["Policies"],
            ["Policies/Exploration"] = ["Policies/Learning"],
            ["Policies/Baselines"] = ["Policies/Exploration"],
            ["Policies/MuLinUcb"] = ["Policies/Exploration"],
            ["Policies/Experience"] = ["Policies/Learning"],
            ["Policies/Quality"] = [],
            ["Policies/Streams"] = ["Policies/Learning"],
            ["Policies/Catalog"] = ["Policies/Baselines", "Policies/MuLinUcb"],
            ["Simulation"] = ["Policies/Catalog", "Policies/Experience"],
            ["Simulation/RandomWorlds"] = ["Simulation"],
            ["Simulation/Families"] = ["Simulation"],
            ["Simulation/Experience"] = ["Simulation"],
            ["Simulation/Quality"] = ["Simulation/RandomWorlds", "Policies/Quality"],
            ["Simulation/Crowds"] = ["Simulation/RandomWorlds", "Policies/Sharing"],
            ["Simulation/Streams"] = ["Simulation/RandomWorlds", "Policies/Streams"],

            ["Client/Transport"] = Core,
            ["Client/Device"] = Core,
            ["Client/Arms"] = [.. Core, .. Policies],
            ["Client/Servers"] = ["Client/Transport", .. Policies],
            ["Client/Telemetry"] = ["Client/Transport", "Core/Telemetry", .. Policies],
            ["Client/Attempts"] = ["Client/Device", "Client/Arms", "Client/Servers", "Client/Telemetry"],
            ["Client/Profiling"] = ["Client/Device", .. Policies],
            ["Client/State"] = ["Client/Device", "Client/Arms", .. Policies],
            ["Client/Families"] = Core,
            ["Client/Experience"] = [.. Core, .. Policies, "Policies/Experience"],
            ["Client"] = ["Client/Attempts", "Client/Profiling", "Client/State", "Client/Families", "Client/Experience", "Policies/Experience"],

            ["Client/DependencyInjection"] = ["Client"],
            ["Client/Streams"] = ["Client", "Policies/Streams"],

            ["Emulation"] = ["Client"],

            ["Server/Quality"] = [.. Core, "Policies/Quality"],
            ["Fleet/Prices"] = ["Policies/Quality"],
            ["Fleet/Names"] = [],
            ["Fleet/Priors"] = ["Fleet/Names", "Policies/Sharing"],
            ["Fleet"] = ["Fleet/Prices", "Fleet/Priors", "Core"],

            ["Server/Batching"] = Core,
            ["Server/Models"] = ["Server/Quality", "Server/Batching"],
            ["Server/Scheduling"] = ["Server/Quality", "Server/Batching", "Policies/Sharing"],
            ["Server/Access"] = ["Server/Scheduling"],
            ["Server/Monitoring"] = ["Core/Protocol"],
            ["Server/Telemetry"] = ["Server/Monitoring", "Core/Telemetry"],
            ["Server/Connections"] = ["Server/Models", "Server/Access", "Server/Telemetry"],
            ["Server/WholeModels"] = ["Server/Connections"],
            ["Server"] = ["Server/WholeModels"],
            ["Server/DependencyInjection"] = ["Server"],

            ["AspNetCore/OpenInference"] = ["Server"],
            ["AspNetCore/Access"] = ["AspNetCore/OpenInference"],
            ["AspNetCore/Endpoints"] = ["AspNetCore/Access"],
            ["AspNetCore/Grpc"] = ["AspNetCore/Access"],
            ["AspNetCore/Monitoring"] = ["AspNetCore/Endpoints"],
            ["AspNetCore/Hosting"] = ["Server"],
            ["AspNetCore/Http"] = ["AspNetCore/Hosting", "AspNetCore/Grpc"],
            ["AspNetCore/WebSockets"] = ["AspNetCore/Endpoints", "AspNetCore/Hosting"],
            ["AspNetCore"] = ["AspNetCore/WebSockets", "AspNetCore/Http", "AspNetCore/Monitoring"],

            ["Dashboard/Plans"] = ["Core/Partitioning"],
            ["Dashboard/Families"] = ["Dashboard/Plans", "Core/Families"],
            ["Dashboard/Sampling"] = ["Server"],
            ["Dashboard/Hosting"] = ["AspNetCore"],
            ["Dashboard/Pages"] = ["Dashboard/Plans", "Dashboard/Sampling", "Dashboard/Hosting"],
            ["Dashboard"] = ["Dashboard/Pages"],

            ["Imaging"] = ["Core/Tensors"],
            ["Imaging/Codecs"] = ["Imaging", "Core/Codecs"],

            ["Tailoring/Verification"] = Core,
            ["Tailoring/Calibration"] = Core,
            ["Tailoring/Surgery"] = ["Tailoring/Calibration"],
            ["Tailoring/Statistics"] = ["Tailoring/Surgery"],
            ["Tailoring/Quantization"] = ["Tailoring/Statistics"],
            ["Tailoring/Pruning"] = ["Tailoring/Statistics"],
            ["Tailoring/Factorization"] = ["Tailoring/Statistics"],
            ["Tailoring/Evaluation"] = ["Tailoring/Calibration"],
            ["Tailoring/Exits"] = ["Tailoring/Evaluation"],
            ["Tailoring/Families"] = ["Tailoring/Evaluation", "Tailoring/Quantization", "Tailoring/Pruning", "Tailoring/Factorization"],

            ["Cli/Processes"] = [],
            ["Cli/Output"] = [],
            ["Cli/Inputs"] = Libraries,
            ["Cli/Exporting"] = ["Cli/Inputs"],
            ["Cli/Benchmarks"] = ["Cli/Output", "Cli/Inputs", "Cli/Processes"],
            ["Cli/Commands"] = ["Cli/Benchmarks", "Cli/Exporting"],
            ["Cli"] = ["Cli/Commands"],
        },
    };
}

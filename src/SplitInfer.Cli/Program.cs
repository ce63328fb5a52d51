using System.CommandLine;
using SplitInfer.Cli.Commands;
using SplitInfer.Cli.Commands.Bench;
using SplitInfer.Cli.Commands.Calibrate;
using SplitInfer.Cli.Commands.Coordinate;
using SplitInfer.Cli.Commands.Evaluate;
using SplitInfer.Cli.Commands.Exits;
using SplitInfer.Cli.Commands.Inspect;
using SplitInfer.Cli.Commands.Ping;
using SplitInfer.Cli.Commands.Run;
using SplitInfer.Cli.Commands.Serve;
using SplitInfer.Cli.Commands.Simulate;
using SplitInfer.Cli.Commands.Split;
using SplitInfer.Cli.Commands.Streams;
using SplitInfer.Cli.Commands.Tailor;
using SplitInfer.Cli.Commands.Top;
using SplitInfer.Cli.Commands.Try;
using SplitInfer.Cli.Commands.Verify;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli;

internal static class Program
{
    private static Task<int> Main(string[] args) => RunAsync(args, new Terminal(Console.Out, Console.Error, Console.In));

    /// <summary>Runs one command line. 0 is success, 1 an error, 2 wrong usage.</summary>
    internal static Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellationToken = default)
    {
        var options = new SharedOptions();
        var root = new RootCommand("SplitInfer runs one ONNX model across two machines: the head here, the tail on a server.")
        {
            InspectCommand.Create(options, terminal),
            VerifyCommand.Create(options, terminal),
            VerifyWorkerCommand.Create(options, terminal),
            SplitCommand.Create(options, terminal),
            CalibrateCommand.Create(options, terminal),
            EvaluateCommand.Create(options, terminal),
            TailorCommand.Create(options, terminal),
            new ExplainedCommand("exits", "Makes early exits of a classifier, and tests them.", "splitinfer exits add mnist.onnx --data digits --out mnist.exits.json", "splitinfer exits test mnist.onnx --exits mnist.exits.json --data others --labels labels.txt")
            {
                ExitsAddCommand.Create(options, terminal),
                ExitsTestCommand.Create(options, terminal),
            },
            ServeCommand.Create(options, terminal),
            TrialCommand.Create(options),
            CoordinateCommand.Create(options, terminal),
            PingCommand.Create(options, terminal),
            TryCommand.Create(options, terminal),
            RunCommand.Create(options, terminal),
            StreamCommand.Create(options, terminal),
            TopCommand.Create(options, terminal),
            SimulateCommand.Create(options, terminal),
            new ExplainedCommand("bench", "Measures, as ratios taken side by side in one run.", "splitinfer bench overhead resnet50.onnx", "splitinfer bench codec squeezenet.onnx --input photograph.npy", "splitinfer bench transport", "splitinfer bench policy")
            {
                BenchOverheadCommand.Create(options, terminal),
                BenchCodecCommand.Create(options, terminal),
                BenchTransportCommand.Create(options, terminal),
                BenchLoadCommand.Create(options, terminal),
                BenchServerCommand.Create(options, terminal),
                BenchSwapCommand.Create(options, terminal),
                BenchBatchCommand.Create(options, terminal),
                BenchDeadlineCommand.Create(options, terminal),
                BenchAnytimeCommand.Create(options, terminal),
                BenchJointCommand.Create(options, terminal),
                BenchPlanCommand.Create(options, terminal),
                BenchPolicyCommand.Create(options, terminal),
                BenchExperienceCommand.Create(options, terminal),
                BenchQualityCommand.Create(options, terminal),
                BenchCrowdCommand.Create(options, terminal),
                BenchStreamCommand.Create(options, terminal),
                BenchCoordinatorCommand.Create(options, terminal),
                BenchTelemetryCommand.Create(options, terminal),
            },
            options.Json,
            options.Threads,
        };
        return ProgramRun.RunAsync(root, args, terminal, cancellationToken);
    }
}

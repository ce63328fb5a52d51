using System.Globalization;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Bench;

/// <summary>What clients with exits had by a deadline while links and servers failed, as people read it.</summary>
internal static class AnytimeTable
{
    public static void Write(Terminal terminal, AnytimeDeviceRow device)
    {
        for (var exit = 0; exit < device.ExitMs.Count; exit++) Write(terminal, $"exit {exit + 1}     {device.ExitMs[exit],8:0.0} ms on the device, right in {device.ExitAccuracy[exit] * 100:0.0} %");
        Write(terminal, $"the model  {device.DeviceMs,8:0.0} ms on the device, right in {device.ModelAccuracy * 100:0.0} %");
    }

    public static void Write(Terminal terminal, IReadOnlyList<AnytimeRow> rows)
    {
        terminal.Output.WriteLine("deadline ms  contender    requests  late  alone  timers late  missed  wrong  right in time %  oracle %  ratio  by exits %  by server %  in vain %  cpu ms");
        foreach (var row in rows)
            Write(terminal, $"{row.DeadlineMs,11:0} {row.Contender,-12} {row.Requests,9} {row.Late,5} {row.LateAlone,6} {row.TimersLate,12} {row.Missed,7} {row.Wrong,6} {row.Accuracy * 100,16:0.0} {row.OracleAccuracy * 100,9:0.0} {row.Ratio,6:0.000} {row.ExitShare * 100,11:0.0} {row.ServerShare * 100,12:0.0} {row.ExtraShare * 100,10:0.0} {row.CpuMs,7:0.00}");
        terminal.Output.WriteLine();
        terminal.Output.WriteLine("deadline ms  contender    link or server  requests  late  missed  right in time %  oracle %  by server %");
        foreach (var row in rows)
            foreach (var fault in row.Faults)
                Write(terminal, $"{row.DeadlineMs,11:0} {row.Contender,-12} {fault.Fault,-14} {fault.Requests,10} {fault.Late,5} {fault.Missed,7} {fault.Accuracy * 100,16:0.0} {fault.OracleAccuracy * 100,9:0.0} {fault.ServerShare * 100,12:0.0}");
        terminal.Output.WriteLine(
            "late: the call ended more than 5 ms after the deadline; timers late: of as many plain timers, what this machine adds; alone: late calls whose timer was not; missed: no answer; wrong: outputs that are not those of whom the answer names;\n"
            + "oracle: what anybody could have had, a bound from above; in vain: what the device computed beside a server that answered, of all that it computed; NoExtraWork: the device never goes on beside a server");
    }

    private static void Write(Terminal terminal, FormattableString line) => terminal.Output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}

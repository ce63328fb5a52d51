using SplitInfer.Soak.Load;
using SplitInfer.Soak.Processes;

namespace SplitInfer.Soak;

/// <summary>
/// Runs a real server and real clients in a process each, with a fault proxy between, and watches both.<br/>
/// SplitInfer.Soak [--minutes N] [--warm-up MINUTES] [--seed N] [--leak memory|handles|threads] [--json]<br/>
/// Exit code 0: every answer was right and nothing grew; 1: it was not so; 2: wrong usage.
/// </summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("The soak reads /proc, which only Linux has. Run it there.");
            return 2;
        }

        switch (args)
        {
            case [ServerRole.Name, var models, var leak]:
                await ServerRole.RunAsync(models, Leak.Of(leak));
                return 0;
            case [ClientRole.Name, var models, var address, var seed, var leak]:
                await ClientRole.RunAsync(models, new(address), int.Parse(seed, System.Globalization.CultureInfo.InvariantCulture), Leak.Of(leak));
                return 0;
        }

        SoakOptions options;
        try
        {
            options = SoakOptions.Parse(args);
        }
        catch (FormatException error)
        {
            Console.Error.WriteLine(error.Message);
            return 2;
        }

        return await SoakRun.RunAsync(options) ? 0 : 1;
    }
}

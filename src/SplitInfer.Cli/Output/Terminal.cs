using Spectre.Console;

namespace SplitInfer.Cli.Output;

/// <summary>Where a command prints: lines for programs, or tables for people, on standard output; complaints and progress on standard error.</summary>
internal sealed class Terminal
{
    // Wide enough for a table in a file or a pipe, where no width is known.
    private const int PlainWidth = 130;

    public Terminal(TextWriter output, TextWriter error, TextReader? input = null)
    {
        (Output, Error, Input) = (new PlainWriter(output), new PlainWriter(error), input ?? TextReader.Null);
        var isTerminal = output == Console.Out && !Console.IsOutputRedirected;
        IsInteractive = isTerminal && input == Console.In && !Console.IsInputRedirected;
        IsErrorTerminal = error == Console.Error && !Console.IsErrorRedirected;
        // Colours of our own are written as they are, so tables make what they show of models plain themselves.
        Tables = ConsoleOver(isTerminal ? output : Output, isTerminal);
        Progress = ConsoleOver(IsErrorTerminal ? error : Error, IsErrorTerminal);
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <summary>Standard input.</summary>
    public TextReader Input { get; }

    /// <summary>Tables and coloured text on standard output.</summary>
    public IAnsiConsole Tables { get; }

    /// <summary>Progress on standard error; shown only where a person sees it.</summary>
    public IAnsiConsole Progress { get; }

    /// <summary>Whether a person watches standard output, and types.</summary>
    public bool IsInteractive { get; }

    /// <summary>Whether a person watches standard error.</summary>
    public bool IsErrorTerminal { get; }

    /// <summary>Does something of unknown length, and says what where a person watches.</summary>
    public T While<T>(string what, Func<T> action) => IsErrorTerminal ? Progress.Status().Start(Markup.Escape(what), _ => action()) : action();

    /// <summary>Does something with each item, with a progress bar where a person watches.</summary>
    public Task TrackAsync<T>(string what, IReadOnlyList<T> items, Func<T, ValueTask> action) => TrackAsync(what, items.Count, async step =>
    {
        foreach (var item in items)
        {
            await action(item);
            step();
        }
    });

    /// <summary>Does something in steps, with a progress bar where a person watches.</summary>
    /// <param name="what">What is done.</param>
    /// <param name="steps">Of how many steps it is.</param>
    /// <param name="action">Does it; calls its argument after each step, from any thread.</param>
    public Task TrackAsync(string what, int steps, Func<Action, Task> action) => TrackPartsAsync(what, steps, step => action(() => step(1)));

    /// <summary>Does something in steps that have parts, with a progress bar where a person watches.</summary>
    /// <param name="what">What is done.</param>
    /// <param name="steps">Of how many steps it is.</param>
    /// <param name="action">Does it; calls its argument with what was done of a step, from any thread.</param>
    public Task TrackPartsAsync(string what, int steps, Func<Action<double>, Task> action)
    {
        if (!IsErrorTerminal) return action(static _ => { });
        return Progress.Progress().AutoClear(true).StartAsync(context =>
        {
            var task = context.AddTask(Markup.Escape(what), maxValue: steps);
            return action(part => task.Increment(part));
        });
    }

    public void Complain(string message) => Error.WriteLine(message);

    private static IAnsiConsole ConsoleOver(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new()
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal) console.Profile.Width = PlainWidth;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }
}

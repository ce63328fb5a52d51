namespace SplitInfer.Cli.Benchmarks;

/// <summary>What <c>bench coordinator</c> prints: how soon servers have prices again after the silo that found them was killed, and what their requests noticed.</summary>
/// <param name="Nodes">Servers that report.</param>
/// <param name="IntervalSeconds">How often each reports, s.</param>
/// <param name="Killed">The silo that was killed.</param>
/// <param name="FirstSeconds">From the kill to the first price that any of them got, s.</param>
/// <param name="RecoverySeconds">From the kill until all of them had got one, s.</param>
/// <param name="FailedReports">Reports that brought no price since the kill.</param>
/// <param name="Rejoined">Servers that had to join again.</param>
/// <param name="ReportBytes">The most bytes of a report.</param>
/// <param name="PriceBytes">Bytes of a price.</param>
/// <param name="DecisionsBefore">Decisions about requests in a second before the kill, of all servers together.</param>
/// <param name="DecisionsAfter">The same from the kill until all had prices.</param>
/// <param name="DecisionP99MsBefore">99 of 100 of the decisions took at most so many ms before the kill.</param>
/// <param name="DecisionP99MsAfter">The same from the kill until all had prices.</param>
internal sealed record CoordinatorRow(
    int Nodes, double IntervalSeconds, string Killed, double FirstSeconds, double RecoverySeconds, int FailedReports, int Rejoined, int ReportBytes, int PriceBytes,
    double DecisionsBefore, double DecisionsAfter, double DecisionP99MsBefore, double DecisionP99MsAfter);

namespace MailCluster.Node.Hosting;

/// <summary>One step of stopping.</summary>
/// <param name="Name">What it does, in the log.</param>
/// <param name="Limit">How long it may take; then the next begins.</param>
/// <param name="Run">Does it. Cancelled when the limit is over, and when an operator hastens a step that only waits.</param>
/// <param name="Waits">True where it is a wait for others' sake, which an operator may cut short.</param>
internal sealed record ShutdownStep(string Name, TimeSpan Limit, Func<CancellationToken, Task> Run, bool Waits = false);

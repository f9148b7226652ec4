using System.Runtime.InteropServices;

namespace MailCluster.Node.Hosting;

/// <summary>SIGTERM and SIGINT: the first stops the node in order, a second one hastens.</summary>
internal sealed class SignalLifetime(IHostApplicationLifetime lifetime, NodeLifecycle node) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _received;

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT]) _signals.Add(PosixSignalRegistration.Create(signal, Receive));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
    }

    private void Receive(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _received) == 1) lifetime.StopApplication();
        else node.Hasten();
    }
}

using Microsoft.AspNetCore.Connections;

namespace MailCluster.Actors.Sessions;

/// <summary>Where Kestrel hands over a connection of an SMTP listener, after whatever middleware (PROXY, TLS) stands before it.</summary>
/// <param name="listener">The listener.</param>
public sealed class SmtpConnectionHandler(SmtpListener listener) : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var session = new SmtpConnection(listener, connection);
        await session.RunAsync().ConfigureAwait(false);
        await session.LingerAsync().ConfigureAwait(false);
    }
}

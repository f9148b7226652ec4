using MailCluster.Protocol.Replies;
using Microsoft.AspNetCore.Connections;

namespace MailCluster.Node.Smtp;

/// <summary>Sends clients away, 421 4.3.2, before there is anything behind the listeners: the node waits for its cluster.</summary>
internal sealed class ClosedDoor : ConnectionHandler
{
    /// <summary>How long a client may take to read the one line.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        using var limit = new CancellationTokenSource(Limit);
        await using var over = limit.Token.Register(() => connection.Abort());
        await connection.Transport.Output.WriteAsync(Replies.NotAvailable.Octets.ToArray(), CancellationToken.None);
        await connection.Transport.Output.CompleteAsync();
    }
}

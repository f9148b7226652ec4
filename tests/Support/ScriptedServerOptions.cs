using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace MailCluster.Tests.Support;

/// <summary>How a <see cref="ScriptedServer"/> behaves.</summary>
public sealed class ScriptedServerOptions
{
    /// <summary>The address to listen on.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The port; 0 for any.</summary>
    public int Port { get; init; }

    /// <summary>The keywords of EHLO.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = ["PIPELINING", "8BITMIME", "SIZE 10485760", "ENHANCEDSTATUSCODES"];

    /// <summary>What to do at a step (greeting, ehlo, helo, starttls, mail, rcpt, data, content, dot, rset, quit) of a connection (from 0) instead of going on: see <see cref="ScriptedServer"/>. Null: go on.</summary>
    public Func<int, string, string?> Fault { get; init; } = static (_, _) => null;

    /// <summary>Recipients taken in one transaction; the further ones get 452 4.5.3.</summary>
    public int MaxRecipients { get; init; } = int.MaxValue;

    /// <summary>Answers 354 to DATA though no recipient was accepted (RFC 2920 section 3.1 allows it).</summary>
    public bool GrantsDataToNobody { get; init; }

    /// <summary>The certificate for STARTTLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Answers 220 to STARTTLS and then talks nonsense.</summary>
    public bool BreaksTls { get; init; }

    /// <summary>The text of the reply to the end of data.</summary>
    public string Accepted { get; init; } = "250 2.0.0 Ok: queued";
}

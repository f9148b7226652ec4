namespace MailCluster.Protocol.Replies;

/// <summary>An enhanced status code, <c>class.subject.detail</c> (RFC 3463).</summary>
/// <param name="Class">2 success, 4 persistent transient failure, 5 permanent failure.</param>
/// <param name="Subject">0 to 999.</param>
/// <param name="Detail">0 to 999.</param>
public readonly record struct EnhancedStatusCode(byte Class, ushort Subject, ushort Detail)
{
    /// <summary>False for <c>default</c>: the reply carried none.</summary>
    public bool IsPresent => Class != 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Class}.{Subject}.{Detail}";
}

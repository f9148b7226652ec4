using System.Diagnostics.CodeAnalysis;

namespace MailCluster.Node.Configuration;

/// <summary>How a kind of value is written.</summary>
/// <param name="Allowed">What may be written, in words that follow "expected".</param>
/// <param name="Parse">Reads it; null where it is none.</param>
/// <param name="Print">Writes it in a form that <paramref name="Parse"/> reads.</param>
internal sealed record ValueFormat<T>(string Allowed, Func<string, Parsed<T>> Parse, Func<T, string> Print);

/// <summary>A value read, or why not.</summary>
internal readonly record struct Parsed<T>(bool Success, T? Value, string? Reason)
{
    /// <summary>It was read.</summary>
    public static implicit operator Parsed<T>(T value) => new(true, value, null);

    /// <summary>It is none; null leaves it to what the format allows.</summary>
    public static Parsed<T> No(string? reason = null) => new(false, default, reason);

    /// <summary>True with the value where it was read.</summary>
    public bool Try([MaybeNullWhen(false)] out T value)
    {
        value = Value;
        return Success;
    }
}

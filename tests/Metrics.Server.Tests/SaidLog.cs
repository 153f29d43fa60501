using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Metrics.Tests;

/// <summary>What something has said in its log.</summary>
internal sealed class SaidLog<T> : ILogger<T>
{
    /// <summary>Each message, in order.</summary>
    public ConcurrentQueue<string> Messages { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Messages.Enqueue(formatter(state, exception));
}

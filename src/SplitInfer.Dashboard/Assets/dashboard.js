// The theme: as the system has it, light, or dark. Runs before anything is drawn.
(() => {
  'use strict';
  const choices = ['auto', 'light', 'dark'];
  const read = () => { try { const saved = localStorage.getItem('splitinfer-theme'); return choices.includes(saved) ? saved : 'auto'; } catch { return 'auto'; } };
  const apply = choice => {
    const root = document.documentElement;
    if (choice === 'auto') root.removeAttribute('data-theme'); else root.setAttribute('data-theme', choice);
    for (const sheet of document.querySelectorAll('link[data-theme-of]')) {
      const own = sheet.getAttribute('data-theme-of');
      sheet.media = choice === 'auto' ? `(prefers-color-scheme: ${own})` : choice === own ? 'all' : 'not all';
    }
    const button = document.getElementById('theme');
    if (button) button.textContent = `Theme: ${choice}`;
  };
  apply(read());
  document.addEventListener('DOMContentLoaded', () => apply(read()));
  document.addEventListener('click', event => {
    if (!event.target.closest || !event.target.closest('#theme')) return;
    const next = choices[(choices.indexOf(read()) + 1) % choices.length];
    try { localStorage.setItem('splitinfer-theme', next); } catch { /* The choice lasts as long as the page. */ }
    apply(next);
  });
})();

// The theme: as the system has it, light, or dark. Runs before anything is drawn.
(() => {
  'use strict';
  const choices = ['auto', 'light', 'dark'];
  const read = () => { try { const saved = localStorage.getItem('splitinfer-theme'); return choices.includes(saved) ? saved : 'auto'; } catch { return 'auto'; } };
  const mediaOf = (sheet, choice) => {
    const own = sheet.getAttribute('data-theme-of');
    return choice === 'auto' ? `(prefers-color-scheme: ${own})` : choice === own ? 'all' : 'not all';
  };
  let changes = 0;
  const apply = choice => {
    const root = document.documentElement;
    if (choice === 'auto') root.removeAttribute('data-theme'); else root.setAttribute('data-theme', choice);
    const change = ++changes;
    const sheets = [...document.querySelectorAll('link[data-theme-of]')];
    const isOn = media => window.matchMedia(media).matches;
    // While neither sheet is on, charts have no size and draw themselves anew: so one goes only after the other has come.
    for (const sheet of sheets) if (isOn(mediaOf(sheet, choice))) sheet.media = mediaOf(sheet, choice);
    const finish = () => { if (change === changes) for (const sheet of sheets) sheet.media = mediaOf(sheet, choice); };
    if (document.readyState === 'loading') finish();
    else requestAnimationFrame(() => requestAnimationFrame(finish));
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
